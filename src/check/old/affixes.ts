import type { Glob, GlobNode } from './glob.ts';
import type { Match, Output, Rule } from './rule.ts';

/** What every key of a language begins with, and the endings of which each key has one. */
export interface Affixes {
  prefix: string;
  suffixes: readonly string[];
}

/** More endings than this are as good as none. */
const maxSuffixes = 32;

/** The affixes of a glob: `uploads/` and `.jpg`, `.png` of `uploads/**` + `/*.{jpg,png}`. */
export function globAffixes({ prefix, nodes }: Glob): Affixes {
  let suffixes = [''];
  for (const node of [...nodes].reverse()) {
    const texts = literalsOf(node);
    if (texts === undefined || texts.length * suffixes.length > maxSuffixes) {
      break;
    }
    suffixes = texts.flatMap((text) => suffixes.map((suffix) => text + suffix));
  }
  return { prefix, suffixes: [...new Set(suffixes)] };
}

/** The texts a node stands for, where they are few. */
function literalsOf(node: GlobNode): string[] | undefined {
  if (node.kind === 'run') {
    return undefined;
  }
  if (node.kind === 'choice') {
    const options = node.options.map((option) => {
      const texts = option.map(literalsOf);
      return texts.some((text) => text?.length !== 1) ? undefined : texts.join('');
    });
    return options.every((text) => text !== undefined) ? options : undefined;
  }
  const [low = 0, high] = node.set;
  return node.set.length === 2 && low === high ? [String.fromCodePoint(low)] : undefined;
}

/** The affixes of all keys that an output is saved under. */
export function outputAffixes({ match }: Rule, { target }: Output): Affixes {
  const { parts } = target.key;
  const last = parts.at(-1);
  const before = parts.at(-2);
  const globs = match.key.map(globAffixes);
  const common = commonPrefix(globs.map(({ prefix }) => prefix));
  const endings = [...new Set(globs.flatMap(({ suffixes }) => suffixes))];
  let prefix = '';
  for (const [i, part] of parts.entries()) {
    if (part.kind === 'text') {
      prefix += part.text;
      continue;
    }
    if (part.kind === 'variable' && part.name === 'key') {
      prefix += common;
    } else if (part.kind === 'variable' && part.name === 'dir') {
      const folder = common.slice(0, common.lastIndexOf('/') + 1);
      const next = parts[i + 1];
      prefix += next?.kind === 'text' && next.text.startsWith('/') ? folder : folder.slice(0, -1);
    }
    break;
  }
  let suffixes = [''];
  if (last?.kind === 'text') {
    // An empty {dir} takes the slash behind it along.
    const isShort = before?.kind === 'variable' && before.name === 'dir';
    suffixes = [isShort ? last.text.replace(/^\//, '') : last.text];
  } else if (last?.kind === 'variable' && last.name === 'key') {
    suffixes = endings;
  } else if (last?.kind === 'variable' && last.name === 'base') {
    suffixes = endings.map((ending) => ending.slice(ending.lastIndexOf('/') + 1));
  }
  return { prefix, suffixes };
}

/** Whether one key may have affixes of both. */
export function affixesMeet(a: Affixes, b: Affixes): boolean {
  return (
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    a.suffixes.some((x) => b.suffixes.some((y) => x.endsWith(y) || y.endsWith(x)))
  );
}

/** Tells which affixes `exclude` takes out altogether, as far as can be seen at a glance: of `thumbs/**` or `**` + `/*_t.jpg`. */
export function excludedAffixes({ exclude }: Match): (affixes: Affixes) => boolean {
  const starts = exclude.filter(({ text, prefix }) => text === `${prefix}**`).map(({ prefix }) => prefix);
  const ends = exclude.flatMap(({ text }) => /^\*\*\/\*([^/*?{}[\]\\]+)$/.exec(text)?.[1] ?? []);
  return ({ prefix, suffixes }) =>
    starts.some((start) => prefix.startsWith(start)) ||
    ends.some((end) => suffixes.every((suffix) => suffix.endsWith(end)));
}

/** What all texts begin with. */
export function commonPrefix(texts: readonly string[]): string {
  const [first = '', ...rest] = texts;
  let length = first.length;
  for (const text of rest) {
    while (!text.startsWith(first.slice(0, length))) {
      length -= 1;
    }
  }
  // Never half a surrogate pair.
  return first.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
