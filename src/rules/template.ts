import { toBase64Url } from '../base64url.ts';

/** A piece of a template; offsets are UTF-16 units in the template's text. */
export type Part =
  | { kind: 'text'; text: string; offset: number }
  | { kind: 'variable'; name: string; offset: number }
  | { kind: 'b64'; parts: Part[]; offset: number };

export interface Template {
  text: string;
  parts: Part[];
}

/** The variables that a source object and its event give to a template, next to the rule's own of `vary`. */
export const keyVariables = 'key dir base name ext bucket rule etag yyyy mm dd'.split(' ');

/** Variables that tell the day of the event. */
export const dayVariables = ['yyyy', 'mm', 'dd'];

/** The values of a template's variables. */
export type VariableValues = Readonly<Record<string, string | number>>;

/** A template, or what was expected and received at `offset` (UTF-16 units) of the text. */
type ParsedTemplate =
  | { ok: true; template: Template }
  | { ok: false; offset: number; expected: string; received: string };

/**
 * Parses `derived/{dir}/{name}-{w}.webp`: `{variable}`, `{b64:text and {variables}}` (URL-safe Base64 of the
 * rendered text), `{{` and `}}` for the braces themselves. Which variables exist is the caller's business.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const top: Part[] = [];
  let b64: Part[] | undefined;
  for (let offset = 0; offset < text.length; ) {
    const parts = b64 ?? top;
    const [token = ''] = /\{b64:|\{\w+\}|\{\{|\}\}|[{}]|[^{}]+/.exec(text.slice(offset)) ?? [];
    let length = token.length;
    if (b64 !== undefined && token.startsWith('}')) {
      // The first "}" ends {b64:…}, so "}}" is two ends there and not an escaped brace.
      b64 = undefined;
      length = 1;
    } else if (token === '{b64:' && b64 === undefined) {
      b64 = [];
      top.push({ kind: 'b64', parts: b64, offset });
    } else if (token === '{{' || token === '}}') {
      parts.push({ kind: 'text', text: token.slice(1), offset });
    } else if (/^[^{}]/.test(token)) {
      parts.push({ kind: 'text', text: token, offset });
    } else if (/^\{\w+\}$/.test(token)) {
      parts.push({ kind: 'variable', name: token.slice(1, -1), offset });
    } else {
      const expected = '"{variable}", "{b64:text}", or "{{" and "}}" for the braces themselves';
      return { ok: false, offset, expected, received: JSON.stringify(text.slice(offset, offset + 12)) };
    }
    offset += length;
  }
  return b64 === undefined
    ? { ok: true, template: { text, parts: top } }
    : { ok: false, offset: text.length, expected: 'the "}" that ends "{b64:"', received: 'the end' };
}

/** Every variable the template uses, those inside `{b64:…}` included. */
export function variablesOf(
  parts: readonly Part[],
  inB64 = false,
): { name: string; offset: number; inB64: boolean }[] {
  return parts.flatMap((part) => {
    if (part.kind === 'b64') {
      return variablesOf(part.parts, true);
    }
    return part.kind === 'variable' ? [{ name: part.name, offset: part.offset, inB64 }] : [];
  });
}

/**
 * Renders a template. An empty `{dir}` (an object at the bucket's root) drops the slash after it, too, so
 * that `thumbs/{dir}/{base}` gives `thumbs/a.jpg` and not `thumbs//a.jpg`.
 */
export function render(parts: readonly Part[], values: VariableValues): string {
  let text = '';
  let isAfterEmptyDir = false;
  for (const part of parts) {
    if (part.kind === 'variable') {
      text += values[part.name] ?? '';
    } else if (part.kind === 'b64') {
      text += toBase64Url(render(part.parts, values));
    } else {
      text += isAfterEmptyDir && part.text.startsWith('/') ? part.text.slice(1) : part.text;
    }
    isAfterEmptyDir = part.kind === 'variable' && part.name === 'dir' && values.dir === '';
  }
  return text;
}

/** Splits a key as the key variables name its parts: `a/b/c.tar.gz` is dir `a/b`, name `c.tar`, ext `gz`. */
export function splitKey(key: string): { dir: string; base: string; name: string; ext: string } {
  const slash = key.lastIndexOf('/');
  const base = key.slice(slash + 1);
  const dot = base.lastIndexOf('.');
  const [name, ext] = dot > 0 ? [base.slice(0, dot), base.slice(dot + 1)] : [base, ''];
  return { dir: slash < 0 ? '' : key.slice(0, slash), base, name, ext };
}
