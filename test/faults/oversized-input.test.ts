import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import { OutputsFailed } from '../../src/pipeline/report.ts';
import { readXmlRoot } from '../../src/xml.ts';
import { createCapture } from './capture.ts';

const record = {
  eventName: 'ObjectCreated:PutObject',
  oss: { bucket: { name: 'photos' }, object: { key: 'a' } },
};

describe('the size of an event', () => {
  it('the size of an event is bounded in records', () => {
    const event = Buffer.from(JSON.stringify({ events: Array(10_001).fill(record) }));

    expect(() => parseEvent(event)).toThrow('The event holds more than 10000 records: split it.');
  });

  it('the size of an event is bounded in outputs: objects beyond that fail by name, and nothing of them is planned', async () => {
    const { sent, invoke } = createCapture();

    const keys = Array.from({ length: 6_000 }, (_, i) => `${i}`);
    const ended = await invoke({ bucket: 'photos', keys, dryRun: true });

    const { planned, failed } = ended instanceof OutputsFailed ? ended.report : {};
    // Each object has two outputs; those of four objects are planned at once.
    expect(planned).toBeGreaterThan(10_000);
    expect(planned).toBeLessThanOrEqual(10_008);
    expect(failed).toBe(6_000 - (planned ?? 0) / 2);
    expect(String(ended)).toMatch(
      /- transient TooManyOutputs oss:\/\/photos\/\d+: the event asks for more than 10000 outputs: split it/,
    );
    expect(sent).toEqual([]);
  });

  it.each([
    ['arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['arrays that do not end', '['.repeat(100_000)],
    ['objects', `${'{"body":'.repeat(30_000)}1${'}'.repeat(30_000)}`],
    ['envelopes', envelopes(50)],
    ['text in text', texts(12)],
    ['records of objects', `{"events":[${'{"oss":'.repeat(30_000)}1${'}'.repeat(30_000)}]}`],
  ])('the size of an event is bounded in the depth of its %s', (_, text) => {
    expect(() => parseEvent(Buffer.from(text))).toThrow(EventError);
  });
});

function envelopes(depth: number): string {
  let value: unknown = { events: [record] };
  for (let i = 0; i < depth; i += 1) {
    value = { body: value, attrs: {} };
  }
  return JSON.stringify(value);
}

function texts(depth: number): string {
  let text = JSON.stringify({ events: [record] });
  for (let i = 0; i < depth; i += 1) {
    text = JSON.stringify(Buffer.from(text).toString('base64'));
  }
  return text;
}

describe('100 kB of anything', () => {
  const texts = [
    'a',
    '-',
    'a-',
    'a.',
    '[',
    '{',
    '"',
    '\\',
    '&',
    '&a;',
    '<',
    '<a>',
    '=',
    ' ',
    '%41',
    '\u0000',
    '猫',
    '🐈',
  ];
  const attacks = texts.flatMap((text) => [
    text.repeat(100_000 / text.length),
    `${text.repeat(100_000 / text.length)}!`,
  ]);

  /** Throws where the text is no error document of OSS's, or one that was cut off. */
  function refuse(text: string): void {
    const context = { operation: 'GetObject', bucket: 'photos', attempts: 1 };
    const error = new OssServiceError(context, { statusCode: 400, headers: {}, body: Buffer.from(text) });
    if (error.code === 'BadErrorResponse') {
      throw error;
    }
  }

  it.each([
    ['an event', (text: string) => parseEvent(Buffer.from(text))],
    [
      'a message in an event',
      (text: string) => parseEvent(Buffer.from(JSON.stringify({ body: text, attrs: 1 }))),
    ],
    ["an answer of OSS's", refuse],
    ["text in an answer of OSS's", (text: string) => refuse(`<Error><Code>${text}`)],
    ["an answer of OSS's in the tools", (text: string) => readXmlRoot(text, 'ListBucketResult')],
    [
      'an endpoint',
      (endpoint: string) => resolveEndpoint({ region: 'cn-hangzhou', endpoint: `${endpoint}!` }),
    ],
    ['a region', (region: string) => resolveEndpoint({ region: `${region}!` })],
  ])(
    '100 kB of anything as %s is refused, in time that grows no faster than it',
    { timeout: 20_000 },
    (_, read) => {
      for (const attack of attacks) {
        expect(() => read(attack)).toThrow(Error);
      }
    },
  );

  it('100 kB of anything as a key, bucket, style or target in an event ends as a named failure', {
    timeout: 20_000,
  }, async () => {
    const { sent, invoke } = createCapture();
    for (const text of attacks) {
      const ends = [
        await invoke({ bucket: 'photos', key: text }),
        await invoke({ bucket: text, key: 'a' }),
        await invoke({ bucket: 'photos', key: 'a', style: `image/${text}`, target: { key: text } }),
        await invoke({ bucket: 'photos', key: 'a', style: 'image/info', target: { key: `{${text}}` } }),
      ];

      for (const ended of ends) {
        expect(ended).toBeInstanceOf(Error);
      }
    }
    expect(sent).toEqual([]);
  });
});
