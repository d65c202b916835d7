import fc from 'fast-check';
import { MockAgent } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { createHandler } from '../../src/handler.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import { readSettings } from '../../src/settings.ts';
import { readXmlRoot } from '../../src/xml.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

const rules = {
  rules: [
    {
      name: 'r',
      match: { key: '**' },
      outputs: [
        { style: 'image/watermark,text_{b64:{key}}', target: { key: '{dir}/x/{name}.{ext}' } },
        { style: 'image/info', target: { bucket: 'other-bucket', key: 'y{key}' } },
      ],
    },
  ],
};

/** No request leaves the process; where each was about to go is written down. */
const agent = new MockAgent();
agent.disableNetConnect();
afterAll(() => agent.close());

interface Sent {
  origin: string;
  path: string;
  body: string;
}

function createCapture(region = 'cn-hangzhou') {
  const sent: Sent[] = [];
  const handle = createHandler({
    settings: readSettings({ LOG_LEVEL: 'silent' }, '/code'),
    ruleSet: ruleSetOf(rules),
    dispatcher: agent.compose((dispatch) => (request, handler) => {
      sent.push({ origin: String(request.origin), path: request.path, body: String(request.body) });
      return dispatch(request, handler);
    }),
    defaultCredentials: () => Promise.reject(new Error('no chain here')),
    write: () => {},
    callSettings: { sleep: async () => {} },
  });
  const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' };
  const context = { requestId: 'FC-1', region, credentials, function: { timeout: 60 } };
  const invoke = (event: unknown) =>
    handle(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)), context).catch(
      (error: unknown) => error,
    );
  return { sent, invoke };
}

const hosts = [
  'evil.com',
  'evil.com/',
  'photos.evil.com',
  'a@evil.com',
  'photos:80',
  'photos#',
  'photos?',
  'ab',
];
const buckets = [
  ...hosts,
  '..',
  'PHOTOS',
  '-photos',
  'photos-',
  'photos_1',
  'ph otos',
  'ph%2fotos',
  '照片',
  'x\r\nhost: e',
];
const anyBucket = fc.oneof(
  fc.constant('photos'),
  fc.constantFrom(...buckets),
  fc.string(),
  fc.webUrl(),
  fc.domain(),
);
const anyKey = fc.oneof(
  fc.constantFrom(
    ...hostileKeys,
    '//evil.com/a',
    '\\\\evil.com\\a',
    'a\r\nHost: evil.com',
    'a|sys/saveas,o_eA,b_ZXZpbA',
  ),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.webUrl(),
);

describe('what an event names', () => {
  it("what an event names never chooses another host, path or target bucket than OSS's own for it", async () => {
    const { sent, invoke } = createCapture();
    let requests = 0;
    await fc.assert(
      fc.asyncProperty(anyBucket, anyKey, fc.string(), async (bucket, key, elsewhere) => {
        sent.length = 0;
        const named = { name: bucket, arn: elsewhere, virtualBucket: elsewhere };
        const extras = { region: elsewhere, endpoint: elsewhere, host: elsewhere };
        const object = { key, eTag: elsewhere, size: 1, endpoint: elsewhere };
        await invoke({
          events: [
            { eventName: 'ObjectCreated:PutObject', ...extras, oss: { bucket: named, object, ...extras } },
          ],
        });

        requests += sent.length;
        for (const { origin, path, body } of sent) {
          expect(bucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
          expect(origin).toBe(`https://${bucket}.oss-cn-hangzhou-internal.aliyuncs.com`);
          expect(path).toMatch(/^\/([\w.~/-]|%[\dA-F]{2})+\?x-oss-process$/);
          expect(decodeURIComponent(path.slice(1, -'?x-oss-process'.length))).toBe(key);
          expect(targetBucketOf(body)).toBe(body.includes('watermark') ? bucket : 'other-bucket');
        }
      }),
      { numRuns: 500, seed: 20_261_122 },
    );
    expect(requests).toBeGreaterThan(300);
  });

  it.each(buckets)(
    'what an event names is refused where %j is its bucket, and nothing is sent',
    async (bucket) => {
      const { sent, invoke } = createCapture();

      const ended = await invoke({ bucket, key: 'a.jpg' });

      expect(sent.map(({ origin }) => origin)).toEqual([]);
      expect(String(ended)).toMatch(/InvalidOutput|bucket/);
    },
  );

  it.each(['evil.com/', 'x.evil.com#', 'oss-cn-hangzhou', 'cn hangzhou', '..'])(
    'does not matter where %j is the region: nothing is sent',
    async (region) => {
      const { sent, invoke } = createCapture(region);

      const ended = await invoke({ bucket: 'photos', key: 'a.jpg' });

      expect(sent).toEqual([]);
      expect(String(ended)).toContain('expected a plain region id');
    },
  );

  it('what an event names cannot add a save-as of its own to a style it names', async () => {
    const { sent, invoke } = createCapture();
    const style = 'image/resize,w_1|sys/saveas,o_eA,b_ZXZpbA';

    const ended = await invoke({ bucket: 'photos', key: 'a', style, target: { key: 'b' } });

    expect(sent).toEqual([]);
    expect(String(ended)).toContain('holds its own sys/saveas');
  });
});

/** The bucket of the one save-as in a body, which is form-encoded or raw. */
function targetBucketOf(body: string): string {
  const process = decodeURIComponent(body.slice('x-oss-process='.length));
  expect(process.split('sys/saveas')).toHaveLength(2);
  return Buffer.from(/\|sys\/saveas,o_[\w-]+,b_([\w-]+)$/.exec(process)?.[1] ?? '', 'base64url').toString();
}

const record = {
  eventName: 'ObjectCreated:PutObject',
  oss: { bucket: { name: 'photos' }, object: { key: 'a' } },
};

describe('the size of an event', () => {
  it('the size of an event is bounded in records', () => {
    const event = Buffer.from(JSON.stringify({ events: Array(10_001).fill(record) }));

    expect(() => parseEvent(event)).toThrow('The event holds 10001 records; at most 10000.');
  });

  it('the size of an event is bounded in outputs', async () => {
    const { sent, invoke } = createCapture();

    const keys = Array.from({ length: 6_000 }, (_, i) => `${i}`);
    const ended = await invoke({ bucket: 'photos', keys });

    expect(ended).toBeInstanceOf(EventError);
    expect(String(ended)).toContain('The event asks for more than 10000 outputs: split it.');
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
