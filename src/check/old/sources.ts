import { type Part, render, splitKey, type Values } from '../../rules/template.ts';
import { concat, type Dfa, findCommonWord, literal, type Nfa, sequence, toDfa, union } from './automaton.ts';
import { ANY_CHAR, NOT_SLASH, NOT_SLASH_NOR_DOT } from './char-set.ts';
import { parseGlob } from './glob.ts';
import type { Output, Rule } from './rule.ts';
import { combinations } from './vary.ts';

/** A source object made up to show something, with what a template may ask of its event. */
export interface Source {
  bucket: string;
  key: string;
  eTag?: string;
  eventTime?: string;
}

/** Ways to read a key as a template that are tried; further ones hardly ever give what the first did not. */
const maxReadings = 200;

/**
 * Source objects in `bucket`, among those that `keys` accepts, of which the output would be saved under `target`:
 * the template run backwards. None given means none found, not that there is none.
 */
export function* findSources(
  { rule, output, bucket }: { rule: Rule; output: Output; bucket: string },
  target: string,
  keys: Dfa,
): Generator<Source> {
  const { parts } = output.target.key;
  let readings = 0;
  for (const choice of combinations(output.vary)) {
    const known = { ...choice, rule: rule.name, bucket };
    for (const bound of readTemplate(parts, target, known)) {
      readings += 1;
      if (readings > maxReadings) {
        return;
      }
      const language = [toDfa(keyLanguage(bound)), keys];
      const found = findWord(language, []);
      // Where the target itself is a source of it, so may be another key, which shows more.
      const other = found === target ? findWord(language, [toDfa(literal(target))]) : undefined;
      for (const key of [other, found]) {
        const source = key === undefined ? undefined : complete(bucket, key, bound);
        if (source !== undefined && render(parts, { ...known, ...valuesOf(source) }) === target) {
          yield source;
        }
      }
    }
  }
}

function complete(bucket: string, key: string, { etag, yyyy, mm, dd }: Values): Source | undefined {
  const eventTime = `${yyyy ?? '2026'}-${mm ?? '01'}-${dd ?? '01'}T00:00:00.000Z`;
  // A day that its month lacks is another day, or none.
  if (Number.isNaN(Date.parse(eventTime)) || new Date(eventTime).toISOString() !== eventTime) {
    return undefined;
  }
  return { bucket, key, eventTime, ...(etag !== undefined && { eTag: String(etag) }) };
}

function valuesOf({ key, eTag = '', eventTime = '' }: Source): Values {
  const [yyyy = '', mm = '', dd = ''] = eventTime.slice(0, 10).split('-');
  return { key, ...splitKey(key), etag: eTag, yyyy, mm, dd };
}

/** Which text each variable may hold for the template to read `text`. */
function* readTemplate(
  parts: readonly Part[],
  text: string,
  bound: Values,
  isRoot = false,
): Generator<Values> {
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (text === '') {
      yield bound;
    }
    return;
  }
  if (part.kind === 'text') {
    const expected = isRoot ? part.text.replace(/^\//, '') : part.text;
    if (text.startsWith(expected)) {
      yield* readTemplate(rest, text.slice(expected.length), bound);
    }
    return;
  }
  const name = part.kind === 'variable' ? part.name : undefined;
  const known = name === undefined ? undefined : bound[name];
  const isDir = name === 'dir';
  if (known !== undefined) {
    if (text.startsWith(String(known))) {
      yield* readTemplate(rest, text.slice(String(known).length), bound, isDir && known === '');
    }
    return;
  }
  const allowed = name === undefined ? /^[\w-]*$/ : shapes[name];
  for (let end = 0; end <= text.length; end += 1) {
    const value = text.slice(0, end);
    if (allowed?.test(value) === false) {
      continue;
    }
    const next = name === undefined ? bound : { ...bound, [name]: value };
    yield* readTemplate(rest, text.slice(end), next, isDir && value === '');
  }
}

const shapes: Partial<Record<string, RegExp>> = {
  base: /^[^/]*$/,
  name: /^[^/]+$/,
  ext: /^[^/.]*$/,
  dir: /^([^/].*)?$/s,
  etag: /^[0-9A-Fa-f-]*$/,
  yyyy: /^\d{4}$/,
  mm: /^\d\d$/,
  dd: /^\d\d$/,
};

/** The keys whose parts are these. */
function keyLanguage({ key, dir, base, name, ext }: Values): Nfa {
  if (key !== undefined) {
    return literal(String(key));
  }
  const anyExt = union([literal(''), sequence([DOT_NODE, { kind: 'run', set: NOT_SLASH_NOR_DOT }])]);
  const anyName = sequence([{ kind: 'run', set: NOT_SLASH }]);
  const folder =
    dir === undefined
      ? union([literal(''), sequence([{ kind: 'run', set: ANY_CHAR }, SLASH_NODE])])
      : literal(dir === '' ? '' : `${dir}/`);
  if (base !== undefined) {
    return concat([folder, literal(String(base))]);
  }
  const stem = name === undefined ? anyName : literal(String(name));
  const ending = ext === undefined ? anyExt : literal(ext === '' ? '' : `.${ext}`);
  return concat([folder, stem, ending]);
}

const SLASH_NODE = { kind: 'one' as const, set: [0x2f, 0x2f] };
const DOT_NODE = { kind: 'one' as const, set: [0x2e, 0x2e] };

let plain: Dfa | undefined;

/** A word of all of `required` and none of `forbidden`; one that looks like a key people use, where there is one. */
export function findWord(required: readonly Dfa[], forbidden: readonly Dfa[]): string | undefined {
  plain ??= toDfa(union(['**/.*', '.*/**', '**/.*/**', '**//**'].map(globLanguage)));
  const nice = findCommonWord(required, [...forbidden, plain]);
  const found = nice.found === 'word' ? nice : findCommonWord(required, forbidden);
  return found.found === 'word' ? found.word : undefined;
}

function globLanguage(text: string): Nfa {
  const parsed = parseGlob(text);
  return sequence(parsed.ok ? parsed.glob.nodes : []);
}

/** What an object must be beside its key for the rule to take it: a size and a content type that fit. */
export function fittingFacts({
  minBytes,
  maxBytes,
  contentType,
}: {
  minBytes?: number | undefined;
  maxBytes?: number | undefined;
  contentType: readonly string[];
}): {
  sizeBytes: number;
  contentType: string;
} {
  const [type = 'image/jpeg'] = contentType;
  return {
    sizeBytes: Math.max(1, minBytes ?? Math.min(maxBytes ?? 100_000, 100_000)),
    contentType: type.replace('image/*', 'image/jpeg').replace('*', 'x'),
  };
}
