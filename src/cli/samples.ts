import { extname } from 'node:path';
import { commonKey, literalPattern, regular } from '../check/language.ts';
import { within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import type { OssObject } from '../process.ts';

/** An object that a rule takes, of this file name or else of this type; undefined if there is none. */
export function placeFor(rules: readonly SourceRule[], name: string, bucket: string): OssObject | undefined {
  for (const pattern of [`(?:[^]*/)?${literalPattern(name)}`, `[^]*[^/]${literalPattern(extname(name))}`]) {
    for (const { keys, match } of rules) {
      const key = within(20_000, (budget) => commonKey(keys, regular(pattern, budget), budget));
      if (key !== undefined) {
        return { bucket: match.bucket?.[0] ?? bucket, key };
      }
    }
  }
  return undefined;
}
