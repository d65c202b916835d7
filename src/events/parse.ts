import { fieldsOf, parseJson } from '../json.ts';
import { collect, envelopes, formatValue } from './envelopes.ts';
import { manual, noSuchField, optionNames } from './manual.ts';
import { EventError, type EventRecord } from './object-event.ts';

/** The first one that detects its shape opens the value. */
const understood = [...envelopes, manual];

/** EventBridge around SMQ around OSS is three deep; a text is a layer too, and so is the event itself. */
const maxDepth = 9;

/**
 * Turns whatever Function Compute delivers into records. Never reads only the first one, never decodes keys.
 * Throws EventError when no usable record is there; a bad record beside good ones is returned as `malformed`.
 */
export function parseEvent(bytes: Uint8Array): EventRecord[] {
  const text = Buffer.from(bytes).toString();
  const records = open(text, '', 0);
  if (records.every(({ kind }) => kind === 'malformed')) {
    throw new EventError(explain(records, text));
  }
  return records;
}

function open(value: unknown, path: string, depth: number): EventRecord[] {
  if (depth > maxDepth) {
    return [{ kind: 'malformed', problem: `${path}: nested more than ${maxDepth} deep` }];
  }
  if (typeof value === 'string') {
    const inner = decode(value);
    if (inner === undefined) {
      const problem = `${path || 'the event'}: received ${formatValue(value)}, which is no JSON`;
      return [{ kind: 'malformed', problem }];
    }
    return open(inner, path, depth + 1);
  }
  if (Array.isArray(value)) {
    return collect(value, (item, i) => open(item, `${path}[${i}]`, depth + 1));
  }
  const fields = fieldsOf(value);
  const envelope = understood.find((candidate) => candidate.detect(fields));
  if (envelope === undefined) {
    return [{ kind: 'malformed', problem: `${path || 'the event'}: received ${formatValue(value)}` }];
  }
  const ignored = envelope === manual ? undefined : optionNames.find((name) => name in fields);
  if (ignored !== undefined) {
    // A person who adds one to an event of OSS's would not get what it asks for: a dry run would be none.
    return [noSuchField(`${path === '' ? '' : `${path}.`}${ignored}`)];
  }
  const openInner = (inner: unknown, innerPath: string) => open(inner, innerPath, depth + 1);
  return envelope.unwrap(fields, path === '' ? '' : `${path}.`, openInner);
}

/**
 * JSON, or Base64 of JSON as OSS publishes to SMQ (in lines of 76 characters where MIME wrote it), with or
 * without a byte order mark; undefined is anything else.
 */
function decode(text: string): unknown {
  const parse = (json: string) => parseJson(json.replace(/^\uFEFF/, ''));
  const value = parse(text);
  return value === undefined ? parse(Buffer.from(text, 'base64').toString()) : value;
}

function explain(records: readonly EventRecord[], text: string): string {
  const problems = records.flatMap((record) => (record.kind === 'malformed' ? [record.problem] : []));
  const named = problems.length === 0 ? [`received ${formatValue(text)}`] : problems.slice(0, 5);
  const more = problems.length > 5 ? ` (and ${problems.length - 5} more)` : '';
  const shapes = understood.map(({ name }) => `\n  - ${name}`).join('');
  return `The event holds no object to process: ${named.join('; ')}${more}. Understood are:${shapes}`;
}
