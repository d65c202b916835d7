import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { syntaxTree } from '@codemirror/language';
import type { SyntaxNode } from '@lezer/common';

/** The part of a JSON Schema that completion needs. */
export interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  type?: string | string[];
}

/** Completes keys and values of a YAML document by its JSON Schema. */
export function completeFrom(schema: JsonSchema) {
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[\w-]*/);
    if (word === null || (word.from === word.to && !context.explicit)) {
      return null;
    }
    const line = context.state.doc.lineAt(word.from);
    const before = line.text.slice(0, word.from - line.from);
    const parent = /([\w-]+):\s*$/.exec(before)?.[1];
    const path = pathAt(context, word.from);
    const at = step(path.reduce<JsonSchema[]>(step, [schema]), undefined);
    const options = parent === undefined ? keysOf(at) : valuesOf(step(at, parent));
    return options.length === 0 ? null : { from: word.from, options };
  };
}

/** The keys of the mappings around a place, from the root: `key:` lines above that are less indented. */
function pathAt({ state }: CompletionContext, at: number): string[] {
  const flow = flowPath(syntaxTree(state).resolveInner(at, -1), (from, to) => state.sliceDoc(from, to));
  const own = state.doc.lineAt(at);
  let indent = flow.length > 0 ? Number.POSITIVE_INFINITY : columnOf(own.text.slice(0, at - own.from));
  const path: string[] = [];
  for (let number = own.number; number > 0 && indent > 0; number -= 1) {
    const { text } = state.doc.line(number);
    const key = /^[\s-]*([\w-]+):/.exec(text)?.[1];
    const column = columnOf(text);
    if (key !== undefined && column < indent && (number < own.number || flow.length > 0)) {
      path.unshift(key);
      indent = column;
    }
  }
  return flow.length > 0 ? [...path, ...flow.slice(1)] : path;
}

/** Finds the column of a line's first key or word; dashes of a list count as indentation. */
function columnOf(text: string): number {
  return /^[\s-]*/.exec(text)?.[0].length ?? 0;
}

/** Inside `{ … }`: the keys of the flow mappings around the place, beginning with the line's own key. */
function flowPath(node: SyntaxNode, read: (from: number, to: number) => string): string[] {
  const path: string[] = [];
  for (let at: SyntaxNode | null = node; at !== null; at = at.parent) {
    if (at.name !== 'FlowMapping') {
      continue;
    }
    const key = at.parent?.getChild('Key');
    path.unshift(key === null || key === undefined ? '' : read(key.from, key.to));
  }
  return path;
}

/** The schemas of a property in any of these schemas; lists stand for their items. */
function step(schemas: readonly JsonSchema[], key: string | undefined): JsonSchema[] {
  const open = schemas.flatMap(alternatives);
  return key === undefined ? open : open.flatMap(({ properties }) => properties?.[key] ?? []);
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [schema, ...inner.flatMap(alternatives)];
}

function keysOf(schemas: readonly JsonSchema[]): Completion[] {
  return schemas.flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([label, { description }]) => ({
      label,
      apply: `${label}: `,
      type: 'property',
      ...(description !== undefined && { info: description }),
    })),
  );
}

function valuesOf(schemas: readonly JsonSchema[]): Completion[] {
  const values = schemas.flatMap(alternatives).flatMap((schema) => schema.enum ?? schema.const ?? []);
  return values.map((value) => ({ label: String(value), type: 'enum' }));
}
