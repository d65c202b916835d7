import type { SourceRule } from '../compile/compile.ts';
import type { Glob } from '../compile/glob.ts';
import { type Diagnostic, type Path, warning } from './diagnostic.ts';
import { pathTo, type Writer } from './graph.ts';

/** Warns of rules that are right by themselves, and that nobody means: each is a slip that would be silent. */
export function checkSlips(rules: readonly SourceRule[]): Diagnostic[] {
  return rules.flatMap(({ index, keys, match }) => {
    const path = ['rules', index, 'match'];
    return [
      ...findForeignGlobs(match.key, [...path, 'key']),
      ...findForeignGlobs(match.exclude ?? [], [...path, 'exclude']),
      ...(keys.isEmpty ? [takesNothing([...path, 'key'])] : []),
    ];
  });
}

function takesNothing(path: Path): Diagnostic {
  const message = 'takes no object: what `key` fits is left out by `exclude`, or names folders only';
  return warning('takes-nothing', path, message, 'All below a folder is "uploads/**".');
}

/** Finds what regular expressions, shells and addresses give a meaning, and a glob takes for letters. */
const foreign =
  /^\^|\$$|\\[.dswDSW]|\.[*+]|\([^()]*\|[^()]*\)|[@+!]\(|\[\[:|\{\w+\.\.\w+\}|^!|^\w+:\/\/|^\.{1,2}\/|%[0-9A-Fa-f]{2}|^[\s“‘]|[\s”’]$/;

/** `path` leads to the field, which holds a list where there are several. */
function findForeignGlobs(globs: readonly Glob[], path: Path): Diagnostic[] {
  return globs.flatMap((glob, i) => findForeignGlob(glob, globs.length > 1 ? [...path, i] : path));
}

function findForeignGlob({ text }: Glob, path: Path): Diagnostic[] {
  const [found] = foreign.exec(text) ?? [];
  if (found === undefined) {
    return [];
  }
  const message = `\`${found}\` stands for itself in a glob: no key is taken that lacks it`;
  const hint =
    'Globs know *, **, ?, {a,b} and [a-z], begin behind the bucket, and are for keys as OSS has them, not encoded.';
  const span = { offset: text.indexOf(found), length: found.length };
  return [{ ...warning('foreign-glob', path, message, hint), span }];
}

const aliases: Readonly<Record<string, string>> = { jpeg: 'jpg', tif: 'tiff' };

/** Finds a key whose extension names another format than the one that the style ends with. */
export function findForeignExtension(writer: Writer): Diagnostic[] {
  const { style, target } = writer.output;
  const [, format] = /\/format,([a-z]+)$/.exec(style.text) ?? [];
  const [, extension = ''] = /\.(jpe?g|png|webp|bmp|gif|tiff?|heic|avif)$/i.exec(target.key.text) ?? [];
  const named = aliases[extension.toLowerCase()] ?? extension.toLowerCase();
  if (format === undefined || named === '' || named === format) {
    return [];
  }
  const message = `is saved as .${extension}, and the style makes ${format} of it`;
  const span = { offset: target.key.text.length - extension.length, length: extension.length };
  return [{ ...warning('foreign-extension', pathTo(writer, 'target', 'key'), message), span }];
}
