import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { keysOf, parse } from './samples.ts';

interface Sample {
  id: string;
  kind: string;
  delivery: string;
  event: unknown;
}

const file = new URL('../fixtures/events/fc-events.json', import.meta.url);
const { samples }: { samples: Sample[] } = JSON.parse(readFileSync(file, 'utf8'));
const bytesOf = ({ delivery, event }: Pick<Sample, 'delivery' | 'event'>) =>
  Buffer.from(delivery === 'json' ? JSON.stringify(event) : String(event));

function sample(id: string): Sample {
  const found = samples.find((candidate) => candidate.id === id);
  if (found === undefined) {
    throw new Error(`no sample ${id}`);
  }
  return found;
}

const nativeRecord = (key: string) => ({
  eventName: 'ObjectCreated:PutObject',
  eventTime: '2026-03-11T06:21:35.000Z',
  oss: {
    bucket: { name: 'example-src' },
    object: { key, size: 7, eTag: 'AB', objectMeta: { mimeType: 'image/png' } },
  },
});

describe('every attested event shape', () => {
  const good = samples.filter(({ kind }) => kind !== 'negative' && kind !== 'backfill');

  it.each(good.map((item) => [item.id, item] as const))('%s becomes records', (_, item) => {
    const records = parseEvent(bytesOf(item));

    expect(records.length).toBeGreaterThan(0);
    expect(records.filter(({ kind }) => kind === 'malformed')).toEqual([]);
  });

  it.each(
    samples
      .filter(({ kind }) => kind === 'negative' || kind === 'backfill')
      .map((item) => [item.id, item] as const),
  )('%s is refused with the shapes that are understood', (_, item) => {
    expect(() => parseEvent(bytesOf(item))).toThrow(EventError);
    expect(() => parseEvent(bytesOf(item))).toThrow(
      /holds no object[\s\S]*OSS notification[\s\S]*EventBridge[\s\S]*SMQ[\s\S]*manual/,
    );
  });
});

describe('a native record', () => {
  it('gives bucket, key, event, time, size, ETag and content type', () => {
    expect(parseEvent(bytesOf(sample('native-put')))).toEqual([
      {
        kind: 'object',
        event: {
          bucket: 'example-src',
          key: 'incoming/a.jpg',
          eventName: 'ObjectCreated:PutObject',
          eventTime: '2026-03-11T06:21:35.000Z',
          modifiedAt: '2026-03-11T06:21:35.000Z',
          sizeBytes: 29203,
          eTag: '7D73E1052AF595535DE90994F4C3E6D5',
          contentType: 'image/jpeg',
        },
      },
    ]);
  });

  it('a native record keeps its key verbatim, never URL-decoded', () => {
    const keys = ['a b+c%20.jpg', '中文+1%2F.jpg', '{key}|x,y".jpg', 'a/../b', '😀'];

    expect(keysOf(parse({ events: keys.map(nativeRecord) }))).toEqual(
      keys.map((key) => `example-src/${key}`),
    );
  });

  it('reads every native record of an event, never only the first', () => {
    const item = sample('native-batch');
    const { events } = JSON.parse(JSON.stringify(item.event));

    expect(parseEvent(bytesOf(item))).toHaveLength(events.length);
    expect(events.length).toBeGreaterThan(1);
  });

  it('a native record that is broken is reported beside the good ones, with its place', () => {
    const records = parse({
      events: [nativeRecord('a'), { eventName: 'x', oss: { bucket: { name: 'b' } } }],
    });

    expect(records.map(({ kind }) => kind)).toEqual(['object', 'malformed']);
    expect(records[1]).toMatchObject({
      problem: 'events[1].oss.object.key: expected a text, received nothing',
    });
  });
});

describe('an EventBridge event', () => {
  it('an EventBridge event is the same object as its native twin', () => {
    const event = parseEvent(bytesOf(sample('eb-post')))[0];

    expect(event).toMatchObject({
      kind: 'object',
      event: { key: 'incoming/a.jpg', eventName: 'ObjectCreated:PostObject' },
    });
  });

  it('about no object is named, not refused', () => {
    const records = parseEvent(bytesOf(sample('eb-cpu-threshold')));

    expect(records).toEqual([{ kind: 'other', eventName: 'CloudMonitor:BucketImageCpuThresholdExceeded' }]);
  });

  it('deep inside other envelopes is opened, and its problems carry the whole path', () => {
    const inner = JSON.stringify({ events: [{ eventName: 'x' }] });
    const message = {
      type: 'mns:Queue:SendMessage',
      data: { messageBody: Buffer.from(inner).toString('base64') },
    };

    expect(() => parse([JSON.stringify(message)])).toThrow(
      '[0].data.messageBody.events[0].oss.bucket.name: expected a text',
    );
  });
});

describe('the forms in which an event comes', () => {
  const record = nativeRecord('a.jpg');
  const text = JSON.stringify({ events: [record] });
  const lines = (base64: string) => base64.replace(/.{76}/g, '$&\r\n');

  it.each<[string, string | Buffer]>([
    ['one bare record', JSON.stringify(record)],
    ['bare records in an array', JSON.stringify([record])],
    ['a byte order mark before it', `\uFEFF${text}`],
    ['Base64 in lines of 76 characters', lines(Buffer.from(text).toString('base64'))],
    ['Base64 with a byte order mark inside', Buffer.from(`\uFEFF${text}`).toString('base64')],
    [
      'a CloudEvent of an unknown type',
      JSON.stringify({ source: 'acs.oss', type: 'acs:oss:new', data: record }),
    ],
    ['a CloudEvent of another source', JSON.stringify({ source: 'me', type: 'mine', data: record })],
    [
      'a CloudEvent whose type is no text',
      JSON.stringify({ source: 'acs.oss', type: { toString: 1 }, data: record }),
    ],
    ['a dead letter with the event as a text', JSON.stringify({ requestContext: {}, requestPayload: text })],
    ['a dead letter with the event as JSON', JSON.stringify({ requestPayload: { events: [record] } })],
    [
      'a dead letter in an SMQ queue',
      JSON.stringify([
        {
          type: 'mns:Queue:SendMessage',
          data: { messageBody: Buffer.from(JSON.stringify({ requestPayload: text })).toString('base64') },
        },
      ]),
    ],
  ])('%s is opened', (_, event) => {
    expect(keysOf(parseEvent(Buffer.from(event)))).toEqual(['example-src/a.jpg']);
  });

  it('names without their prefix, in capitals or not, are those of native events', () => {
    const data = { ...record, eventName: 'acs:oss:ObjectCreated:PutObject' };

    expect(parse({ source: 'acs.oss', type: 'x', data })).toMatchObject([
      { event: { eventName: 'ObjectCreated:PutObject' } },
    ]);
  });
});

describe('the time of an event', () => {
  const timeOf = (eventTime: unknown, envelope: object = {}) => {
    const [record] = parse({
      source: 'acs.oss',
      type: 'x',
      data: { ...nativeRecord('a'), eventTime },
      ...envelope,
    });
    return record?.kind === 'object' ? record.event.eventTime : record?.kind;
  };

  it.each([
    ['2026-03-11T06:21:35.000Z', '2026-03-11T06:21:35.000Z'],
    ['2026-03-11T06:21:35+08:00', '2026-03-11T06:21:35+08:00'],
    ['2020-08-17T16:04:46.149Asia/Shanghai', '2020-08-17T16:04:46.149+08:00'],
    ['2026-11-26T08:00:00+08:00[Asia/Shanghai]', '2026-11-26T08:00:00+08:00'],
    ['2026-11-26T08:00+08:00[Asia/Shanghai]', '2026-11-26T08:00+08:00'],
    ['2026-11-26T00:00:00Z[Etc/GMT+0]', '2026-11-26T00:00:00Z'],
    ['2026-11-26T08:00:00[Asia/Shanghai]', '2026-11-26T08:00:00+08:00'],
    ['2026-11-26T24:00:00Z', '2026-11-27T00:00:00.000Z'],
    ['2026-11-26T24:00:00+08:00', '2026-11-26T16:00:00.000Z'],
    [1_773_210_095, '2026-03-11T06:21:35.000Z'],
    [1_773_210_095_000, '2026-03-11T06:21:35.000Z'],
  ])('%j is read as %s', (eventTime, time) => {
    expect(timeOf(eventTime)).toBe(time);
  });

  it.each([
    '2026-03-11T06:21:35',
    '2026-03-11',
    'Wed Mar 11 2026',
    '2026-03-11T06:21:35Europe/Berlin',
    '2026-03-11T06:21:35[Europe/Berlin]',
    '2026-02-30T00:00:00Z',
    '2026-11-26T24:00:01Z',
    -1,
    1e300,
    true,
    '',
  ])('the time of an event %j is unknown, and not that of any clock', (eventTime) => {
    expect(timeOf(eventTime)).toBeUndefined();
  });

  it("the time of an event is the record's own before its CloudEvent's", () => {
    expect(timeOf('2026-03-11T06:21:35Z', { time: '2025-01-01T00:00:00Z' })).toBe('2026-03-11T06:21:35Z');
  });

  it("the time of an event is its CloudEvent's where the record has none", () => {
    expect(timeOf(undefined, { time: '2026-03-11T06:21:35Z' })).toBe('2026-03-11T06:21:35Z');
  });
});

describe('bad bytes', () => {
  it.each([
    '',
    ' ',
    'hello',
    '{"events":',
    '\u0000',
    'eyJ4Ijo=',
    '"',
    '12',
    '[[[[[[[[[[[[]]]]]]]]]]]]',
    '[null]',
  ])('%j are refused with one clear error', (text) => {
    expect(() => parseEvent(Buffer.from(text))).toThrow(EventError);
  });

  it.each(['', '<html>', 'uploads/a.jpg'])('%j, which is no JSON, is quoted', (text) => {
    const message = `the event: received ${JSON.stringify(text)}, which is no JSON`;
    expect(() => parseEvent(Buffer.from(text))).toThrow(message);
  });

  it('nested beyond any real envelope are refused', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? { bucket: 'b', key: 'k' } : [nested(depth - 1)];

    expect(keysOf(parse(nested(5)))).toEqual(['b/k']);
    expect(() => parse(nested(50))).toThrow('nested more than');
  });

  it('a million nulls are refused without a record for each of them', () => {
    const nulls = Buffer.from(`[${Array(1_000_000).fill('null').join(',')}]`);
    const before = process.memoryUsage().heapUsed;

    expect(() => parseEvent(nulls)).toThrow('1000000 records; at most 10000');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64e6);
  });

  it('too many records are refused, in lists of lists too', () => {
    expect(() => parse(Array(101).fill(Array(100).fill(null)))).toThrow('records; at most 10000');
  });

  it('too many records are refused', () => {
    expect(() => parse({ bucket: 'b', keys: Array(10_001).fill('k') })).toThrow(
      '10001 records; at most 10000',
    );
  });

  it('bad bytes of any kind never raise anything but an EventError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.base64String()), fc.nat(), (text, cut) => {
        const mutated = JSON.stringify(sample('native-put').event).split('');
        mutated.splice(cut % mutated.length, 1, text.slice(0, 3));
        for (const bytes of [Buffer.from(text), Buffer.from(mutated.join(''))]) {
          try {
            expect(parseEvent(bytes).length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(EventError);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the end of an IMM task', () => {
  const message = (content: unknown, more: object = {}) => ({
    ...{ id: '1', source: 'acs.imm', type: 'imm:Task:MediaConvert', time: '1724133063161' },
    ...{ content, ...more },
  });
  const fields = { TaskId: 'T', Status: 'Succeeded' };
  const task = { kind: 'task', eventName: 'imm:Task:MediaConvert' };

  it.each(['imm-topic', 'imm-eventbridge'])(
    'the end of an IMM task is read from %s with all its fields',
    (id) => {
      const [record] = parseEvent(bytesOf(sample(id)));

      expect(record).toMatchObject({
        ...task,
        content: { TaskId: 'MediaConvert-db7faf5a-99c5-4afe-8309-d167fe530000', Status: 'Succeeded' },
      });
    },
  );

  it.each<[string, unknown]>([
    ['as JSON in a text', message(JSON.stringify(fields))],
    ['as text in text', message(JSON.stringify(JSON.stringify(fields)))],
    ['as a whole message within another one', message(JSON.stringify({ content: JSON.stringify(fields) }))],
    ['as an object', message(fields)],
    ['in a topic message', { TopicOwner: '1', Message: JSON.stringify(message(JSON.stringify(fields))) }],
    ['in Base64', { body: Buffer.from(JSON.stringify(message(fields))).toString('base64'), attrs: {} }],
    ['as the data of a CloudEvent', message(undefined, { data: fields })],
    ['as the text of such data', message(undefined, { data: JSON.stringify(fields) })],
  ])('the end of an IMM task is understood %s', (_, event) => {
    expect(parse(event)).toEqual([{ ...task, content: fields }]);
  });

  it.each<[string, unknown]>([
    ['no JSON', 'Succeeded'],
    ['an array', '[]'],
    ['nothing', undefined],
    ['a number', 1],
    ['text in text without end', [1, 2, 3, 4, 5, 6].reduce((text) => JSON.stringify(text), '"x"')],
  ])('the end of an IMM task is refused with its place where its content is %s', (_, content) => {
    expect(() => parse(message(content))).toThrow(/content: expected JSON that tells the end of a task/);
  });

  it('hides no object beside it, and other news of IMM are about no object', () => {
    const others = [message('?'), { ...message({}), type: 'imm:FileMeta:Index' }];

    const records = parse([...others, { events: [nativeRecord('a')] }]);

    expect(keysOf(records)).toEqual(['malformed', 'other', 'example-src/a']);
  });
});
