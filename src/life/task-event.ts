import { fieldsOf, type JsonObject, textOf } from '../json.ts';
import { valuesOf } from '../pipeline/plan.ts';
import type { Outcome } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { findNameMismatch } from '../rules/match.ts';
import type { Rule } from '../rules/rule-set.ts';
import { render } from '../rules/template.ts';

/**
 * Says what became of an output when its task has ended, from the content of IMM's message (IMM help,
 * "Asynchronous notification messages"): `saved` or `failed`. Tasks that no rule submitted are skipped, and
 * so are messages that do not say how their task ended. Pure.
 */
export function outcomeOfTask(
  { eventName, content }: { eventName: string; content: JsonObject },
  rules: readonly Rule[],
): Outcome {
  const sources = urisIn(content.Sources).flatMap(objectsNamed);
  const targets = urisIn(content.Targets).flatMap(objectsNamed);
  const submitted = sources.flatMap((source) => rules.flatMap((rule) => submittedFor(source, rule)));
  // A failed task may name no target; then it belongs to any output of its source, nobody knows which.
  const subject = submitted
    .map(({ rule, source, isTarget }) => ({ rule, source, target: targets.find(isTarget) }))
    .find(({ target }) => target !== undefined || targets.length === 0);
  const [source] = sources;
  const skipped = { status: 'skipped', eventName, source } as const;
  if (subject === undefined) {
    return { ...skipped, reason: 'foreign-task' };
  }
  const taskId = shortText(content.TaskId);
  const requestId = shortText(content.RequestId);
  const start = Date.parse(textOf(content.StartTime) ?? '');
  const end = Date.parse(textOf(content.EndTime) ?? '');
  const durationMs = end > start ? end - start : 0;
  if (content.Status === 'Failed') {
    const code = shortText(content.Code) || 'TaskFailed';
    const message = shortText(content.Message) || 'IMM does not say why the task failed';
    return { status: 'failed', kind: 'permanent', code, message, ...subject, taskId, requestId, durationMs };
  }
  // A success that names no object does not prove that there is one.
  const { target } = subject;
  return content.Status === 'Succeeded' && target !== undefined
    ? { status: 'saved', ...subject, target, taskId, requestId, attempts: 0, durationMs }
    : { ...skipped, reason: 'task-unfinished' };
}

/** A text of the message, shortened because it is logged. */
function shortText(value: unknown): string | undefined {
  return textOf(value)?.slice(0, 500);
}

/** Stands in a key for what the message does not say; no text of a rule can contain it. */
const untold = '\0';
const untoldValues = { etag: untold, yyyy: untold, mm: untold, dd: untold, index: untold };

/** The outputs that a rule submits for a source. Size and content type only mattered at the upload. */
function submittedFor(source: OssObject, rule: Rule) {
  const outputs = findNameMismatch(rule.match, source) === undefined ? rule.outputs : [];
  const values = { ...valuesOf(rule, { ...source, eventName: '' }), ...untoldValues };
  return outputs.flatMap(({ submit, target: { bucket = source.bucket, key }, variants }) =>
    (submit === undefined ? [] : variants).map((variant) => {
      const pieces = render(key, { ...values, ...variant }).split(untold);
      const isTarget = (one: OssObject) => one.bucket === bucket && fits(one.key, pieces);
      return { rule: rule.name, source, isTarget };
    }),
  );
}

/** Whether a key begins and ends with what is known of it. */
function fits(key: string, pieces: readonly string[]): boolean {
  const [start = '', end = ''] = [pieces[0], pieces.at(-1)];
  return pieces.length === 1 ? key === start : key.startsWith(start) && key.endsWith(end);
}

/** At most this many sources and targets of a task are read; all its targets belong to one output. */
const maxUris = 100;

/** All non-empty texts named `URI` at any depth, because several results are in nested lists. */
function urisIn(value: unknown): string[] {
  const values = [value];
  for (const one of values) {
    values.push(...(Array.isArray(one) ? one : Object.values(fieldsOf(one))));
  }
  return values.flatMap((one) => textOf(fieldsOf(one).URI) || []).slice(0, maxUris);
}

/** The object of `oss://bucket/key`: with its key as it is and, in case it was URL-encoded, decoded. */
function objectsNamed(uri: string): OssObject[] {
  const [, bucket, key = ''] = /^oss:\/\/([^/]+)\/(.+)/s.exec(uri) ?? [];
  if (bucket === undefined) {
    return [];
  }
  try {
    return [...new Set([key, decodeURIComponent(key)])].map((one) => ({ bucket, key: one }));
  } catch {
    return [{ bucket, key }]; // The key contains a "%" that encodes nothing.
  }
}
