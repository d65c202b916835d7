import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkRules } from '../../../check/check.ts';
import { type Explanation, explainRecord } from '../../../check/explain.ts';
import { selectShown } from '../../../check/format.ts';
import { compileRules, type SourceRule } from '../../../compile/compile.ts';
import type { OssObject } from '../../../process.ts';
import type { Rule } from '../../../rules/rule-set.ts';
import { decodeText } from '../../../text-file.ts';
import type { Folder, ObjectSummary, RuleChain, RuleSummary, RulesCheck, RulesText } from '../wire.ts';
import { PageError } from './reply.ts';

/** The present file; the version identifies its text. */
export async function readRules(file: string): Promise<RulesText> {
  const text = decodeText(await readFile(file), file);
  return { file: basename(file), text, version: versionOf(text) };
}

/**
 * Writes the file whole or not at all, and creates it if it is gone. Refuses (409) if the file is not the one
 * that the edits began with, so that changes saved by another editor are never lost.
 */
export async function saveRules(file: string, text: string, version: string): Promise<RulesText> {
  const isThere = existsSync(file);
  if (isThere && (await readRules(file)).version !== version) {
    throw new PageError(409, `${basename(file)} was changed elsewhere.`);
  }
  const path = isThere ? await realpath(file) : file;
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    if (isThere) {
      await copyFile(path, temporary); // The copy has the file's permissions.
    }
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { file: basename(file), text, version: versionOf(text) };
}

/** Checks a text, and returns what its rules take and write, and the chains they form. */
export function checkText(text: string, file: string): RulesCheck {
  const compiled = compileRules(text, file);
  if (!compiled.ok) {
    return { diagnostics: compiled.diagnostics, rules: [], chains: [], cycles: [] };
  }
  const { diagnostics, chains, cycles } = checkRules(compiled);
  const ahead = chains.map(({ rule, next }) => ({ rule, next, isLoop: false }));
  const back = cycles.flatMap(({ steps }) =>
    steps.map(({ writer, taker }) => ({ rule: writer.rule.name, next: taker.name, isLoop: true })),
  );
  return {
    diagnostics: selectShown(diagnostics),
    rules: compiled.source.map(summarize),
    chains: uniqueChains([...back, ...ahead]),
    cycles: cycles.map(({ steps }) => steps.map(({ taker, key }) => ({ rule: taker.name, key }))),
  };
}

function uniqueChains(chains: readonly RuleChain[]): RuleChain[] {
  return [...new Map(chains.map((chain) => [`${chain.rule} ${chain.next}`, chain])).values()];
}

function summarize({ name, match, outputs }: SourceRule): RuleSummary {
  const buckets = match.bucket ?? [''];
  const takes = match.key.flatMap(({ text }) => buckets.map((bucket) => nameKey(bucket, text)));
  const writes = outputs.map(({ target }) => nameKey(target.bucket ?? '', target.key.text));
  return { name, takes, writes: [...new Set(writes)] };
}

function nameKey(bucket: string, key: string): string {
  return bucket === '' ? key : `oss://${bucket}/${key}`;
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Explains what a text's rules would make of an object uploaded at that time. A broken text has no rules. */
export function explainText(text: string, object: OssObject | ObjectSummary, timeMs: number): Explanation {
  const compiled = compileRules(text, '');
  const eventTime = new Date(timeMs).toISOString();
  const event = { ...object, eventName: 'ObjectCreated:PutObject', eventTime };
  const rules = compiled.ok ? compiled.ruleSet.rules : [];
  const source = compiled.ok ? compiled.source : [];
  return explainRecord({ kind: 'object', event }, rules, source);
}

/** A bucket and a folder whose objects the first rule takes; that rule may name no bucket. */
export function uploadPlace([first]: readonly Rule[], defaultBucket: string): Folder {
  const prefix = first?.match.keys.prefix ?? '';
  const bucket = first?.match.buckets[0] ?? defaultBucket;
  return { bucket, prefix: prefix.slice(0, prefix.lastIndexOf('/') + 1) };
}
