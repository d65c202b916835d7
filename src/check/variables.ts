import { fieldsOf, isJsonObject, type JsonObject, pick, textOf } from '../json.ts';
import type { Path } from './diagnostic.ts';

/** The values that variables of a template may have. */
export interface Variables {
  /** The objects in which paths such as `vars.region` are looked up. */
  values: JsonObject;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Fills in `${vars.name}`, `${env('NAME', 'default')}` and the like at any depth, as Serverless Devs does (in
 * its package art-template, devs-compile), and `${config('AccountID')}` from the environment. A variable
 * stays open if it cannot be looked up, or refers to another file, such as `${json(file('path'))}`.
 */
export function fillIn(value: unknown, variables: Variables, depth = 0): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => fillIn(item, variables, depth));
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([name, inner]) => [name, fillIn(inner, variables, depth)]));
  }
  if (typeof value !== 'string' || depth > 8) {
    return value; // Variables may name variables, but not for ever.
  }
  const [, whole] = /^\$\{([^}]*)\}$/.exec(value) ?? [];
  if (whole !== undefined) {
    const found = lookUp(whole, variables);
    return found === undefined ? value : fillIn(found, variables, depth + 1);
  }
  return value.replace(/\$\{([^}]*)\}/g, (open, expression: string) => {
    const found = fillIn(lookUp(expression, variables), variables, depth + 1);
    return typeof found === 'string' || typeof found === 'number' ? String(found) : open;
  });
}

/** The value of a path or a call, whose argument may lack quotes; undefined if it is not known here. */
function lookUp(expression: string, { values, env }: Variables): unknown {
  const [, name, argument = ''] = /^(\w+)\((.*)\)$/s.exec(expression.trim()) ?? [];
  if (name === undefined) {
    return pick(values, ...expression.trim().split('.'));
  }
  const [text = '', preset] = argument.split(',').map((part) => part.trim().replace(/^['"]|['"]$/g, ''));
  return ['env', 'config'].includes(name) ? (env[text] ?? preset) : undefined;
}

/** The value at a path of field names, or the open variable that the path leads into. */
export function valueAt(value: unknown, ...names: string[]): unknown {
  return names.reduce((inner, name) => (isOpen(inner) ? inner : pick(inner, name)), value);
}

/** The text at such a path. */
export const textAt = (value: unknown, ...names: string[]) => textOf(valueAt(value, ...names));

/** The items of a list. An open variable may stand for any list. */
export function itemsOf(list: unknown): unknown[] {
  const items = isOpen(list) ? [list] : [];
  return Array.isArray(list) ? list : items;
}

/** Whether a text still contains a variable. */
export function isOpen(value: unknown): value is string {
  return typeof value === 'string' && value.includes('${');
}

/** The text, unless it still contains a variable. */
export function closed(text: string | undefined): string | undefined {
  return isOpen(text) ? undefined : text;
}

/** A variable that stayed open instead of a whole value. */
export interface OpenVariable {
  path: Path;
  text: string;
}

/** Lists the values below a path that are only a variable that stayed open. */
export function findOpen(value: unknown, path: Path): OpenVariable[] {
  if (typeof value === 'string') {
    return /^\$\{[^}]*\}$/.test(value) ? [{ path, text: value }] : [];
  }
  return Array.isArray(value)
    ? value.flatMap((item, i) => findOpen(item, [...path, i]))
    : Object.entries(fieldsOf(value)).flatMap(([name, inner]) => findOpen(inner, [...path, name]));
}
