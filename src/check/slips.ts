import { createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import type { Glob } from '../compile/glob.ts';
import type { OutputSource } from '../compile/schema.ts';
import type { Diagnostic, Path } from './diagnostic.ts';
import { sourceKeys } from './language.ts';

/** States for the keys of one rule; where they do not suffice, it takes some. */
const maxStates = 20_000;

/** Warns of rules that are right by themselves, and that nobody means: each is a slip that would be silent. */
export function checkSlips(rules: readonly SourceRule[]): Diagnostic[] {
  return rules.flatMap((rule, i) => {
    const { key, exclude = [] } = rule.match;
    const path = ['rules', i, 'match'];
    return [
      ...findForeignGlobs(key, [...path, 'key']),
      ...findForeignGlobs(exclude, [...path, 'exclude']),
      ...findEmpty(rule, [...path, 'key']),
      ...rule.outputs.flatMap((output, j) => findForeignExtension(output, ['rules', i, 'outputs', j])),
    ];
  });
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
  return [{ severity: 'warning', code: 'foreign-glob', message, hint, path, span }];
}

function findEmpty(rule: SourceRule, path: Path): Diagnostic[] {
  const isEmpty = within(createBudget(maxStates), (budget) => sourceKeys(rule, budget).isEmpty);
  const message = 'takes no object: what `key` fits is left out by `exclude`, or names folders only';
  return isEmpty === true
    ? [
        {
          severity: 'warning',
          code: 'takes-nothing',
          message,
          hint: 'All below a folder is "uploads/**".',
          path,
        },
      ]
    : [];
}

const aliases: Readonly<Record<string, string>> = { jpeg: 'jpg', tif: 'tiff' };

/** Finds a key whose extension names another format than the one that the style ends with. */
function findForeignExtension({ style, target: { key } }: OutputSource, path: Path): Diagnostic[] {
  const [, format] = /\/format,([a-z]+)$/.exec(style.text) ?? [];
  const [, extension = ''] = /\.(jpe?g|png|webp|bmp|gif|tiff?|heic|avif)$/i.exec(key.text) ?? [];
  const named = aliases[extension.toLowerCase()] ?? extension.toLowerCase();
  if (format === undefined || named === '' || named === format) {
    return [];
  }
  const message = `is saved as .${extension}, and the style makes ${format} of it`;
  const span = { offset: key.text.length - extension.length, length: extension.length };
  return [
    { severity: 'warning', code: 'foreign-extension', message, path: [...path, 'target', 'key'], span },
  ];
}
