import { parseJson, pick } from '../json.ts';
import { assertRegion } from '../oss/endpoint.ts';
import { bucketPattern } from '../oss/object-name.ts';
import type { FunctionResource, Trigger } from './deployment.ts';
import { type Diagnostic, error, type Path, warning } from './diagnostic.ts';
import { filtersOverlap } from './graph.ts';
import { isOpen } from './variables.ts';

const named = (kind: string, ...names: string[]) => names.map((name) => `oss:${kind}:${name}`);
const wholeObjects = ['PutObject', 'PostObject', 'CompleteMultipartUpload', 'CopyObject'];

/** Events after which an object exists as a whole: a trigger should have these. */
export const creationEvents = named('ObjectCreated', ...wholeObjects);

/** Events after which an object is gone: a trigger needs these for rules with `onRemove`. */
export const removalEvents = named('ObjectRemoved', 'DeleteObject', 'DeleteObjects');

/** Events of parts, before their object exists. */
const partEvents = named('ObjectCreated', '*', 'InitiateMultipartUpload', 'UploadPart', 'UploadPartCopy');

/** Reports what is wrong with our functions' triggers, alone and together with those of other functions. */
export function* checkTriggers(functions: readonly FunctionResource[]): Generator<Diagnostic> {
  const ours = functions.filter(({ isOurs }) => isOurs);
  if (functions.length === 0) {
    const hint = 'Only `resources` with `component: fc3` are read, as `oss-saveas init` writes them.';
    yield error('no-function', ['resources'], 'deploys no function with the component fc3', hint);
  } else if (ours.length === 0 && functions.some(({ name, codeDir }) => isOpen(name) || isOpen(codeDir))) {
    yield unknownPart(['resources'], 'which of its functions is ours');
  } else if (ours.length === 0) {
    const message = 'none of its functions is ours: none runs ./dist or is named oss-saveas';
    yield warning('no-function', ['resources'], message, 'docs/deploy.md says how to add it to this file.');
  }
  for (const { path, role, region, triggers, unknown } of ours) {
    yield* unknown.map((part) => unknownPart(part.path, `\`${part.text}\``));
    if (role === undefined) {
      yield warning('role-missing', path, 'names no role: without one the function may not even read OSS');
    }
    yield* checkRegion(region, [...path, 'region']);
    for (const trigger of triggers) {
      yield* trigger.type === 'oss' ? checkNative(trigger, region) : checkPattern(trigger);
    }
  }
  yield* checkNeighbours(functions);
}

/** Notes that a value is elsewhere, so that it is not checked. */
function unknownPart(path: Path, what: string): Diagnostic {
  const message = `${what} cannot be looked up here, so it is not checked`;
  return { severity: 'note', code: 'unknown-part', path, message };
}

function* checkRegion(region: string | undefined, path: Path): Generator<Diagnostic> {
  try {
    assertRegion(region ?? 'cn-hangzhou');
  } catch (fault) {
    yield error('region', path, fault instanceof Error ? fault.message : String(fault));
  }
}

function* checkNative(trigger: Trigger, ownRegion: string | undefined): Generator<Diagnostic> {
  const { path, sourceArn, region, bucket, invocationRole, events } = trigger;
  const config = [...path, 'triggerConfig'];
  if (!/^(acs:oss:|\$\{)/.test(sourceArn ?? '') || (bucket && !bucketPattern.test(bucket))) {
    const message = 'expected acs:oss:<region>:<account>:<bucket>';
    yield error('trigger-arn', [...path, 'sourceArn'], message, 'Buckets have names of a-z, 0-9 and "-".');
  } else if (region && ownRegion && region !== ownRegion) {
    const message = `the bucket is in ${region}, the function in ${ownRegion}: they have to share a region`;
    yield error('trigger-region', [...path, 'sourceArn'], message);
  } else {
    yield* checkRegion(region, [...path, 'sourceArn']);
  }
  if (invocationRole === undefined) {
    const message =
      'has no invocationRole: the component seeks the default role for 3 seconds, too few on a slow line';
    yield warning('invocation-role', path, message, 'Give the ARN of the role.');
  }
  for (const [i, event] of events.entries()) {
    if (partEvents.includes(event)) {
      const cost = 'one multipart upload of 12 MB calls the function about 5 times';
      const message = `${event} reports parts before the object exists: ${cost}`;
      const span = { offset: 0, length: event.length };
      const at = [...config, 'events', i];
      yield { ...error('trigger-wildcard', at, message, `Name ${creationEvents.join(', ')}.`), span };
    }
  }
  if (events.length === 0) {
    yield error('trigger-events', config, 'expected events, such as oss:ObjectCreated:PutObject');
  }
  yield* checkUploads(typesOf(trigger) ?? [], [...config, 'events']);
  yield* checkFilter(trigger);
}

/** The event pattern of a trigger, if it has one. For a native trigger it is made from its filter. */
export function eventPatternOf({ type, bucket, events, prefix, suffix, pattern = '' }: Trigger): unknown {
  const name = bucket === undefined ? undefined : [bucket];
  const oss = { bucket: { name }, object: { key: [{ prefix }] } };
  return type === 'oss' ? { type: events, subject: [{ suffix }], data: { oss } } : parseJson(pattern);
}

/** The event types of a trigger; undefined if it does not list them all literally. */
export function typesOf(trigger: Trigger): readonly string[] | undefined {
  const types = pick(eventPatternOf(trigger), 'type');
  const isKnown = (one: unknown) => typeof one === 'string' && !isOpen(one);
  return Array.isArray(types) && types.every(isKnown) ? types : undefined;
}

/** Reports events that OSS does not have, and ways to upload that are missed. Deletions alone are fine. */
function* checkUploads(types: readonly string[], path: Path): Generator<Diagnostic> {
  const known = [...creationEvents, ...partEvents, ...named('ObjectCreated', 'AppendObject', 'PutSymlink')];
  const unknown = types.filter((type) => /^(oss:)?ObjectCreated:/.test(type) && !known.includes(type));
  if (unknown.length > 0) {
    const hint = `Name ${creationEvents.join(', ')}.`;
    yield error('trigger-events', path, `OSS has no event ${unknown.join(', ')}`, hint);
  }
  const isForUploads = types.some((type) => type.startsWith('oss:ObjectCreated:'));
  const missing = isForUploads ? creationEvents.filter((event) => !types.includes(event)) : [];
  if (missing.length > 0 && !types.includes('oss:ObjectCreated:*')) {
    const users = 'consoles and browsers use PostObject, tools CompleteMultipartUpload for large objects';
    yield warning('trigger-events', path, `uploads that raise ${missing.join(', ')} are missed; ${users}`);
  }
}

/** Characters with a meaning in globs or regular expressions. */
const wildcard = /[*?]|\{[^{}]*\}|^\^|\$$/;

/** Prefix and suffix are both required, and literal (Function Compute help, "Native OSS triggers"). */
function* checkFilter({ path, prefix, suffix }: Trigger): Generator<Diagnostic> {
  const config = [...path, 'triggerConfig'];
  if (prefix === undefined || suffix === undefined) {
    yield error('trigger-filter', config, 'expected filter.key with prefix and suffix; either may be ""');
  }
  for (const [name, text = ''] of Object.entries({ prefix, suffix })) {
    const [found] = wildcard.exec(text.replace(/\$\{.*?\}/g, '')) ?? [];
    if (found !== undefined) {
      const [verb, side] = name === 'prefix' ? ['begin', 'before'] : ['end', 'after'];
      const meaning = `only keys that ${verb} with exactly \`${text}\` are delivered`;
      const message = `\`${found}\` in a ${name} is a letter and no wildcard: ${meaning}`;
      const hint = `Write only what comes ${side} it; the rules choose among what is delivered.`;
      const span = { offset: text.indexOf(found), length: found.length };
      yield { ...error('trigger-wildcard', [...config, 'filter', 'key', name], message, hint), span };
    }
  }
}

function* checkPattern(trigger: Trigger): Generator<Diagnostic> {
  const { path, type, pattern, isOff } = trigger;
  const at = [...path, 'triggerConfig', 'eventRuleFilterPattern'];
  if (type === 'eventbridge' && !isOpen(pattern) && eventPatternOf(trigger) === undefined) {
    yield error('trigger-pattern', at, 'expected an event pattern as JSON text');
  }
  if (isOff) {
    const message = 'is switched off, so it delivers nothing';
    yield warning('trigger-off', [...path, 'triggerConfig', 'triggerEnable'], message);
  }
  yield* checkUploads(typesOf(trigger) ?? [], at);
}

/** Reports triggers of one bucket that Function Compute refuses together, whatever functions they call. */
function* checkNeighbours(functions: readonly FunctionResource[]): Generator<Diagnostic> {
  const native = functions.flatMap(({ name: owner, isOurs, triggers }) =>
    triggers.filter(({ type }) => type === 'oss').map((trigger) => ({ ...trigger, owner, isOurs })),
  );
  for (const [i, trigger] of native.entries()) {
    const earlier = native.slice(0, i);
    const other = earlier.find((each) => (each.isOurs || trigger.isOurs) && overlap(each, trigger));
    if (other !== undefined) {
      const filters = [trigger, other].map(
        ({ prefix = '', suffix = '' }) => `prefix "${prefix}" and suffix "${suffix}"`,
      );
      const answer = 'Cannot specify overlapping prefix and suffix with same event type';
      const both = `${other.name} of ${other.owner}: the same event, ${filters.join(' and ')}`;
      yield error('trigger-overlap', trigger.path, `overlaps with ${both}. OSS refuses it: "${answer}"`);
    }
  }
}

/** Bucket names are unique, but the account may be written as a number or as a variable. */
const sourceOf = ({ bucket, sourceArn }: Trigger) => bucket ?? sourceArn;

/** Whether two triggers of one bucket share an event, and some key may match both their filters. */
function overlap(a: Trigger, b: Trigger): boolean {
  const isWild = [...a.events, ...b.events].includes('oss:ObjectCreated:*');
  const sharesEvent = isWild || a.events.some((event) => b.events.includes(event));
  return sourceOf(a) === sourceOf(b) && sharesEvent && filtersOverlap(a, b);
}
