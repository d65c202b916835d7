import { fieldsOf, type JsonObject, textOf } from '../json.ts';
import { valuesOf } from '../pipeline/plan.ts';
import type { Outcome, SkipReason } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { findMismatch } from '../rules/match.ts';
import type { Rule } from '../rules/rule-set.ts';
import { render } from '../rules/template.ts';

/**
 * Says what became of an output whose task ended, from the content of IMM's message (IMM help, "Asynchronous notification
 * messages"): `saved` or `failed`. Tasks that none of the rules submitted are skipped, and so are those of which the
 * message does not say how they ended. Pure.
 */
export function outcomeOfTask(eventName: string, content: JsonObject, rules: readonly Rule[]): Outcome {
  const sources = urisIn(content.Sources).flatMap(objectsNamed);
  const targets = urisIn(content.Targets).flatMap(objectsNamed);
  const candidates = sources.flatMap((source) => rules.flatMap((rule) => submittedFor(source, rule)));
  // A task that failed may name no target: it is then one of those for its source, and nobody can tell which.
  const [subject] = candidates.flatMap(({ rule, source, isTarget }): EndedOutput[] =>
    targets.length === 0
      ? [{ rule, source }]
      : targets.filter(isTarget).map((target) => ({ rule, source, target })),
  );
  const skip = (reason: SkipReason): Outcome => {
    return { status: 'skipped', reason, eventName, ...(sources[0] && { source: sources[0] }) };
  };
  if (subject === undefined) {
    return skip('foreign-task');
  }
  const [taskId, requestId] = [textOf(content.TaskId), textOf(content.RequestId)];
  const [startTime, endTime] = [textOf(content.StartTime) ?? '', textOf(content.EndTime) ?? ''];
  const durationMs = Math.max(0, Date.parse(endTime) - Date.parse(startTime)) || 0;
  if (content.Status === 'Failed') {
    const code = textOf(content.Code) || 'TaskFailed';
    const message = textOf(content.Message) || 'IMM does not say why the task failed';
    return { status: 'failed', kind: 'permanent', code, message, ...subject, taskId, requestId, durationMs };
  }
  // A success that names no object is no evidence of one.
  const { target } = subject;
  return content.Status === 'Succeeded' && target !== undefined
    ? { status: 'saved', ...subject, target, taskId, requestId, attempts: 0, durationMs }
    : skip('task-unfinished');
}

interface EndedOutput {
  rule: string;
  source: OssObject;
  target?: OssObject;
}

/** A character that no text of a rule can hold. */
const anything = '\0';
/** The message tells no ETag, no day and no number of results. */
const unknown = { etag: anything, yyyy: anything, mm: anything, dd: anything, index: anything };

/** The outputs that a rule has submitted for a source. Its size and content type counted for the upload only. */
function submittedFor(source: OssObject, rule: Rule) {
  const mismatch = findMismatch(rule.match, { ...source, eventName: '' });
  const outputs = mismatch === 'bucket' || mismatch === 'key' ? [] : rule.outputs;
  const values = { ...valuesOf(rule, { ...source, eventName: '' }), ...unknown };
  return outputs.flatMap(({ submit, target: { bucket = source.bucket, key }, variants }) => {
    const keys =
      submit === undefined ? [] : variants.map((variant) => render(key, { ...values, ...variant }));
    return keys.map((text) => {
      const parts = text.split(anything).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
      const pattern = new RegExp(`^${parts.join('[^/]*')}$`, 's');
      const isTarget = (one: OssObject) => one.bucket === bucket && pattern.test(one.key);
      return { rule: rule.name, source, isTarget };
    });
  });
}

/** All texts named `URI`, however deep: results that are several lie in lists of their kind, and the others are empty. */
function urisIn(value: unknown): string[] {
  const open = [value];
  const uris: string[] = [];
  for (const one of open) {
    const { URI } = fieldsOf(one);
    if (typeof URI === 'string' && URI !== '') {
      uris.push(URI);
    }
    for (const inner of Array.isArray(one) ? one : Object.values(fieldsOf(one))) {
      open.push(inner);
    }
  }
  return uris;
}

/** The object of `oss://bucket/key`: the key as it stands and, where it may have been URL-encoded, what it was before. */
function objectsNamed(uri: string): OssObject[] {
  const [, bucket, key] = /^oss:\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) {
    return [];
  }
  try {
    return [...new Set([key, decodeURIComponent(key)])].map((one) => ({ bucket, key: one }));
  } catch {
    return [{ bucket, key }]; // It has a "%" of its own.
  }
}
