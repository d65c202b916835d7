import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { bytesOf, keysOf, nativeRecord, parse, sample, samples } from './samples.ts';

describe('every attested event shape', () => {
  const good = samples.filter(({ kind }) => kind !== 'negative' && kind !== 'backfill');

  it.each(good.map((item) => [item.id, item] as const))(
    'the event %s names the objects that it holds',
    (_, item) => {
      expect(keysOf(parseEvent(bytesOf(item)))).toEqual(item.expect);
      expect(item.expect).not.toEqual([]);
    },
  );

  it.each(good.map((item) => [item.id, item] as const))(
    "the event %s gives its objects a name of OSS's, or `Manual`: of any other the planner makes nothing",
    (_, item) => {
      const records = parseEvent(bytesOf(item));
      const names = records.flatMap((record) => (record.kind === 'object' ? [record.event.eventName] : []));

      expect(names.filter((name) => !/^(Manual$|Object[A-Z]\w+:\w)/.test(name))).toEqual([]);
    },
  );

  it.each(
    samples
      .filter(({ kind }) => kind === 'negative' || kind === 'backfill')
      .map((item) => [item.id, item] as const),
  )('the event %s is refused with the shapes that are understood', (_, item) => {
    expect(() => parseEvent(bytesOf(item))).toThrow(EventError);
    expect(() => parseEvent(bytesOf(item))).toThrow(
      /holds no object[\s\S]*OSS notification[\s\S]*EventBridge[\s\S]*SMQ[\s\S]*manual/,
    );
  });
});

describe('a native record', () => {
  it('a native record gives bucket, key, event, time, size, ETag and content type', () => {
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

  it('every native record of an event is read, never only the first', () => {
    expect(keysOf(parseEvent(bytesOf(sample('native-batch'))))).toEqual([
      'example-src/incoming/a.jpg',
      'example-src/incoming/b.png',
      'example-src/processed/c.webp',
    ]);
  });

  it('a native record that is broken is reported beside the good ones, with its place', () => {
    const records = parse({
      events: [nativeRecord('a'), { eventName: 'x', oss: { bucket: { name: 'b' } } }, nativeRecord('c')],
    });

    expect(records.map(({ kind }) => kind)).toEqual(['object', 'malformed', 'object']);
    expect(records[1]).toMatchObject({
      problem: 'events[1].oss.object.key: expected a text, received nothing',
    });
  });
});

it.each([
  ['bucket', { eventName: 'x', oss: { bucket: { name: 7 }, object: { key: 'a' } } }, 'oss.bucket.name'],
  ['key', { eventName: 'x', oss: { bucket: { name: 'b' }, object: { key: 7 } } }, 'oss.object.key'],
  ['event name', { eventName: 7, oss: { bucket: { name: 'b' }, object: { key: 'a' } } }, 'eventName'],
])('a native record whose %s is no text is refused by name', (_, record, place) => {
  expect(() => parse({ events: [record] })).toThrow(`events[0].${place}: expected a text, received 7`);
});

it('a native record tells neither size nor ETag nor type that is of another kind', () => {
  const object = { key: 'a', size: '5', eTag: 5, objectMeta: { mimeType: ['image/png'] } };

  const [record] = parse({ events: [{ eventName: 'x', oss: { bucket: { name: 'b' }, object } }] });

  expect(record).toMatchObject({
    event: { key: 'a', sizeBytes: undefined, eTag: undefined, contentType: undefined },
  });
});

describe('an EventBridge event', () => {
  it('an EventBridge event is the same object as its native twin', () => {
    expect(parseEvent(bytesOf(sample('eb-post')))).toEqual(parseEvent(bytesOf(sample('native-post'))));
  });

  it('an EventBridge event about no object is named, not refused', () => {
    const records = parseEvent(bytesOf(sample('eb-cpu-threshold')));

    expect(records).toEqual([{ kind: 'other', eventName: 'CloudMonitor:BucketImageCpuThresholdExceeded' }]);
  });

  it.each([
    ['a bucket that was made', 'BucketCreated:PutBucket'],
    ['a bucket that was deleted', 'BucketRemoved:DeleteBucket'],
  ])('an EventBridge event about %s is named, not refused, as is its bare record', (_, eventName) => {
    const data = { eventName, oss: { bucket: { name: 'photos' } } };

    const event = { source: 'acs.oss', type: `oss:${eventName}`, data };

    expect([...parse(event), ...parse(data)]).toEqual(Array(2).fill({ kind: 'other', eventName }));
  });

  it('an EventBridge event deep inside other envelopes is opened, and its problems carry the whole path', () => {
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
    [
      'a queue message of which EventBridge hands over its data',
      JSON.stringify({ messageId: '1', messageBody: text }),
    ],
    [
      'a CloudEvent whose data are Base64',
      JSON.stringify({
        specversion: '1.0',
        source: 'me',
        type: 'x',
        data_base64: Buffer.from(text).toString('base64'),
      }),
    ],
    ['a dead letter with the event as a text', JSON.stringify({ requestContext: {}, requestPayload: text })],
    ['a dead letter with the event as JSON', JSON.stringify({ requestPayload: { events: [record] } })],
    [
      'a dead letter that EventBridge brings',
      JSON.stringify({ specversion: '1.0', source: 'acs.fc', type: 'x', data: { requestPayload: text } }),
    ],
    [
      'the event of an own bus',
      JSON.stringify({ specversion: '1.0', source: 'cms', data: { bucket: 'example-src', key: 'a.jpg' } }),
    ],
    [
      'a dead letter in an SMQ queue',
      JSON.stringify([
        {
          type: 'mns:Queue:SendMessage',
          data: { messageBody: Buffer.from(JSON.stringify({ requestPayload: text })).toString('base64') },
        },
      ]),
    ],
  ])('an envelope of the form "%s" is opened', (_, event) => {
    expect(keysOf(parseEvent(Buffer.from(event)))).toEqual(['example-src/a.jpg']);
  });

  it.each<[string, object, string]>([
    ['a bare record', [{ eventName: 'x', oss: {} }], '[0].oss.bucket.name'],
    ['a CloudEvent of OSS', { source: 'acs.oss', type: 'oss:ObjectCreated:PutObject' }, 'data.eventName'],
    ['the content of a task', { source: 'acs.imm', type: 'imm:Task:X', content: 7 }, 'content'],
    ['a dead letter', { requestPayload: { events: 1, key: 1, bucket: 1 } }, 'requestPayload.events'],
    ['a queue message', { messageBody: { bucket: 'b', key: 7 } }, 'messageBody.key'],
    ['a topic message', { TopicOwner: '1', Message: { bucket: 'b', key: 7 } }, 'Message.key'],
    ['a topic stream', { body: { bucket: 'b', key: 7 }, attrs: {} }, 'body.key'],
    ['a CloudEvent', { specversion: '1.0', data: { bucket: 'b', key: 7 } }, 'data.key'],
  ])('a problem inside %s is named with its whole path', (_, event, path) => {
    expect(() => parse(event)).toThrow(`process: ${path}: `);
  });

  it.each([
    ['an event of OSS without a type and a record', { source: 'acs.oss', data: { oss: {} } }],
    ['an event of IMM without a type', { source: 'acs.imm', data: {} }],
    ['a topic message without its owner', { Message: JSON.stringify({ bucket: 'b', key: 'k' }) }],
    ['a value without envelope', null],
  ])('%s is refused, and not passed over', (_, event) => {
    expect(() => parse([event])).toThrow('process: [0]: received ');
  });

  it.each([
    'ObjectCreated:PutObject',
    'oss:ObjectCreated:PutObject',
    'acs:oss:ObjectCreated:PutObject',
    'ACS:OSS:ObjectCreated:PutObject',
  ])('an event named %s is the native one of that name', (eventName) => {
    const data = { ...record, eventName };

    expect(parse({ source: 'acs.oss', type: 'x', data })).toEqual(parse({ events: [record] }));
  });
});

it('a content type that is empty is asked of OSS, and not compared', () => {
  const record = nativeRecord('a.jpg');
  const object = { ...record.oss.object, objectMeta: { mimeType: '' } };

  const [first] = parse({ events: [{ ...record, oss: { ...record.oss, object } }] });

  expect(first).toMatchObject({ kind: 'object', event: { contentType: undefined } });
});
