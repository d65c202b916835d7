import { fieldsOf, type JsonObject, textOf } from '../json.ts';
import { valuesOf } from '../pipeline/plan.ts';
import type { Outcome } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { findNameMismatch } from '../rules/match.ts';
import type { Rule } from '../rules/rule-set.ts';
import { render } from '../rules/template.ts';

/**
 * Says what became of an output whose task ended, from the content of IMM's message (IMM help, "Asynchronous
 * notification messages"): `saved` or `failed`. Tasks that none of the rules submitted are skipped, and so
 * are those of which the message does not say how they ended. Pure.
 */
export function outcomeOfTask(
  { eventName, content }: { eventName: string; content: JsonObject },
  rules: readonly Rule[],
): Outcome {
  const sources = urisIn(content.Sources).flatMap(objectsNamed);
  const targets = urisIn(content.Targets).flatMap(objectsNamed);
  const submitted = sources.flatMap((source) => rules.flatMap((rule) => submittedFor(source, rule)));
  // A task that failed may name no target: it is then one of those for its source, and nobody can tell which.
  const subject = submitted
    .map(({ rule, source, isTarget }) => ({ rule, source, target: targets.find(isTarget) }))
    .find(({ target }) => target !== undefined || targets.length === 0);
  const [source] = sources;
  const skipped = { status: 'skipped', eventName, source } as const;
  if (subject === undefined) {
    return { ...skipped, reason: 'foreign-task' };
  }
  const [taskId, requestId] = [shortText(content.TaskId), shortText(content.RequestId)];
  const [start = 0, end = 0] = [content.StartTime, content.EndTime].map((at) => Date.parse(textOf(at) ?? ''));
  const durationMs = Math.max(0, end - start) || 0;
  if (content.Status === 'Failed') {
    const code = shortText(content.Code) || 'TaskFailed';
    const message = shortText(content.Message) || 'IMM does not say why the task failed';
    return { status: 'failed', kind: 'permanent', code, message, ...subject, taskId, requestId, durationMs };
  }
  // A success that names no object is no evidence of one.
  const { target } = subject;
  return content.Status === 'Succeeded' && target !== undefined
    ? { status: 'saved', ...subject, target, taskId, requestId, attempts: 0, durationMs }
    : { ...skipped, reason: 'task-unfinished' };
}

/** A text of the message, which is logged: short, whatever it was. */
function shortText(value: unknown): string | undefined {
  return textOf(value)?.slice(0, 500);
}

/** Stands in a key for what the message does not tell; no text of a rule can hold it. */
const untold = '\0';
const untoldValues = { etag: untold, yyyy: untold, mm: untold, dd: untold, index: untold };

/** The outputs that a rule submitted for a source. Size and content type counted for the upload only. */
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

/** At most this many sources and targets of a task are looked at; all targets are those of one output. */
const maxUris = 100;

/** The texts named `URI`, however deep: several results lie in lists of their kind; others are empty. */
function urisIn(value: unknown): string[] {
  const values = [value];
  for (const one of values) {
    values.push(...(Array.isArray(one) ? one : Object.values(fieldsOf(one))));
  }
  return values.flatMap((one) => textOf(fieldsOf(one).URI) || []).slice(0, maxUris);
}

/** The object of `oss://bucket/key`: its key as it stands, and decoded where it may have been URL-encoded. */
function objectsNamed(uri: string): OssObject[] {
  const [, bucket, key = ''] = /^oss:\/\/([^/]+)\/(.+)/s.exec(uri) ?? [];
  if (bucket === undefined) {
    return [];
  }
  try {
    return [...new Set([key, decodeURIComponent(key)])].map((one) => ({ bucket, key: one }));
  } catch {
    return [{ bucket, key }]; // It has a "%" of its own.
  }
}
