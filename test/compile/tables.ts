import type { DFA } from 'refa';
import { createBudget } from '../../src/compile/budget.ts';
import { type Glob, parseGlob } from '../../src/compile/glob.ts';
import { createKeyLanguages, toKeyTable } from '../../src/compile/key-table.ts';

/** The keys of globs that are well formed. */
export function languageOf(globs: readonly string[], excludes: readonly string[] = []): DFA {
  const language = createKeyLanguages(createBudget(10_000))(globs.map(read), excludes.map(read));
  if (language === undefined) {
    throw new Error(`too complex: ${globs.join(' ')}`);
  }
  return language;
}

export const tableOf = (globs: readonly string[], excludes: readonly string[] = []) =>
  toKeyTable(languageOf(globs, excludes));

function read(text: string): Glob {
  const parsed = parseGlob(text);
  if (!parsed.ok) {
    throw new Error(`${text}: expected ${parsed.expected}`);
  }
  return parsed.glob;
}
