import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/oss/call.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import type { SaveTask } from '../../src/pipeline/result.ts';
import { carryOut } from '../../src/pipeline/save.ts';
import { rulesOf } from './uploads.ts';

const task = (care: Partial<SaveTask> = {}): SaveTask => ({
  action: 'save',
  rule: 'r',
  source: { bucket: 'src-bucket', key: 'a.jpg' },
  target: { bucket: 'dst-bucket', key: 'a.webp' },
  style: 'image/info',
  process: 'image/info|sys/saveas,…',
  version: { eTag: 'V1', modifiedAt: '2026-03-11T06:21:35.400Z' },
  ...care,
});

const notFound = (operation: string, statusCode = 404, document = '') =>
  new OssServiceError(
    { operation, bucket: 'b', key: 'k', attempts: 1 },
    { statusCode, headers: {}, body: Buffer.from(document) },
  );

/** Answers HEADs by key in turn, the last one again and again, with headers or an error; counts the calls. */
function callOf(heads: Record<string, (Record<string, string> | Error)[]>) {
  const calls: string[] = [];
  const call: Call = async ({ operation, bucket, key = '' }) => {
    const context = { operation, bucket, key, attempts: 1 };
    if (operation === 'ProcessObject') {
      calls.push('process');
      const body = Buffer.from('{"bucket":"dst-bucket","object":"a.webp","fileSize":7,"status":"OK"}');
      return { statusCode: 200, headers: { 'x-oss-request-id': 'R' }, body, context };
    }
    calls.push(`head ${key}`);
    const [answer = notFound('HeadObject')] = heads[key] ?? [];
    if ((heads[key]?.length ?? 0) > 1) {
      heads[key]?.shift();
    }
    if (answer instanceof Error) {
      throw answer;
    }
    return {
      statusCode: 200,
      headers: { 'x-oss-request-id': 'R', ...answer },
      body: Buffer.alloc(0),
      context,
    };
  };
  return { call, calls };
}

const options = { deadlineMs: 1_000, now: () => 0, ruleSet: rulesOf() };

describe('an output', () => {
  it('an output is made without asking anything first', async () => {
    const { call, calls } = callOf({});
    let nowMs = 100;
    const now = () => (nowMs += 5);

    const saved = { status: 'saved', sizeBytes: 7, durationMs: 5 };
    expect(await carryOut(task(), { call, ...options, now })).toMatchObject(saved);
    expect(calls).toEqual(['process']);
  });
});

describe('an output that fails', () => {
  const failWith = (cause: unknown) => carryOut(task(), { call: () => Promise.reject(cause), ...options });

  it('an output that fails says what OSS said of it', async () => {
    const document = '<Error><Code>InvalidObjectState</Code><Message>m</Message><EC>0016-404</EC></Error>';

    expect(await failWith(notFound('ProcessObject', 403, document))).toMatchObject({
      ...{ status: 'failed', kind: 'permanent', code: 'archived', statusCode: 403, ec: '0016-404' },
    });
  });

  it.each([
    ['an error', new TypeError('x is no function')],
    ['anything else', 'x is no function'],
  ])('an output that fails by %s of our own may heal, and says why', async (_, cause) => {
    const failure = { status: 'failed', kind: 'transient', code: 'Unexpected', message: 'x is no function' };

    expect(await failWith(cause)).toMatchObject(failure);
  });
});

describe('an output refreshed only when missing', () => {
  it('an output refreshed only when missing is made when there is none', async () => {
    const { call, calls } = callOf({});

    expect(await carryOut(task({ refresh: 'missing' }), { call, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(calls).toEqual(['head a.webp', 'process']);
  });

  it('an output refreshed only when missing is skipped when it is there, at the price of one HEAD', async () => {
    const { call, calls } = callOf({ 'a.webp': [{}] });

    const result = await carryOut(task({ refresh: 'missing' }), { call, ...options });

    expect(result).toMatchObject({ status: 'skipped', reason: 'target-exists', target: { key: 'a.webp' } });
    expect(calls).toEqual(['head a.webp']);
  });

  it('an output refreshed only when missing fails, and is not taken as missing, when it cannot be told', async () => {
    const { call } = callOf({ 'a.webp': [notFound('HeadObject', 403)] });

    const result = await carryOut(task({ refresh: 'missing' }), { call, ...options });

    expect(result).toMatchObject({ status: 'failed', kind: 'transient', statusCode: 403 });
  });
});

describe('an output refreshed only when stale', () => {
  it.each([
    ['2026-03-11T06:22:36Z', 'skipped'],
    ['2026-03-11T06:22:34Z', 'saved'], // within a minute nobody can tell of which source it is
    ['2026-03-11T06:21:34Z', 'saved'],
  ])(
    'an output refreshed only when stale and last saved at %s is %s for a source of 06:21:35.400',
    async (time, status) => {
      const { call } = callOf({ 'a.webp': [{ 'last-modified': new Date(time).toUTCString() }] });

      expect((await carryOut(task({ refresh: 'stale' }), { call, ...options })).status).toBe(status);
    },
  );

  it('an output refreshed only when stale is made within the time that an attempt may take, if that is longer', async () => {
    const { call } = callOf({ 'a.webp': [{ 'last-modified': 'Wed, 11 Mar 2026 06:30:00 GMT' }] });
    const refresh = (timeoutMs: number) =>
      carryOut(task({ refresh: 'stale' }), { call, ...options, timeoutMs });

    expect((await refresh(600_000)).status).toBe('saved');
    expect((await refresh(300_000)).status).toBe('skipped');
  });

  it('an output refreshed only when stale is made when the age of its source is unknown', async () => {
    const { call } = callOf({ 'a.webp': [{ 'last-modified': new Date().toUTCString() }] });

    expect(await carryOut(task({ refresh: 'stale', version: {} }), { call, ...options })).toMatchObject({
      status: 'saved',
    });
  });
});

describe('an output that is only to be made where it is missing', () => {
  it.each([
    ['left alone', 'there', { 'last-modified': 'Wed, 11 Mar 2026 09:00:00 GMT' }, 'skipped', []],
    ['made', 'missing', undefined, 'saved', ['process']],
  ])(
    'an output that is only to be made where it is missing is %s where it is %s',
    async (_, __, headers, status, made) => {
      const { call, calls } = callOf(headers === undefined ? {} : { 'a.webp': [headers] });

      expect((await carryOut(task(), { call, ...options, onlyMissing: true })).status).toBe(status);
      expect(calls).toEqual(['head a.webp', ...made]);
    },
  );
});

describe('an output that checks its source', () => {
  it('an output that checks its source is made once when the source stayed as it was', async () => {
    const { call, calls } = callOf({ 'a.jpg': [{ etag: '"V1"' }] });

    expect(await carryOut(task({ checkSource: true }), { call, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(calls).toEqual(['process', 'head a.jpg']);
  });

  it('an output that checks its source is made again when the source was replaced meanwhile', async () => {
    const { call, calls } = callOf({ 'a.jpg': [{ etag: '"V2"' }] });

    expect(await carryOut(task({ checkSource: true }), { call, ...options })).toMatchObject({
      status: 'saved',
      attempts: 2,
    });
    expect(calls).toEqual(['process', 'head a.jpg', 'process', 'head a.jpg']);
  });

  it('an output that checks its source is left as it is when the source is gone', async () => {
    const gone = notFound('HeadObject', 404, '<Error><Code>NoSuchKey</Code></Error>');
    const { call, calls } = callOf({ 'a.jpg': [gone] });

    expect(await carryOut(task({ checkSource: true }), { call, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(calls).toEqual(['process', 'head a.jpg']);
  });

  it('an output that checks its source fails for now when something else than OSS says that it is gone', async () => {
    const { call } = callOf({ 'a.jpg': [notFound('HeadObject')] });

    expect(await carryOut(task({ checkSource: true }), { call, ...options })).toMatchObject({
      status: 'failed',
      kind: 'transient',
    });
  });

  it('an output that checks its source gives up for now when the source is replaced again and again', async () => {
    const { call, calls } = callOf({
      'a.jpg': [{ etag: '"V2"' }, { etag: '"V3"' }, { etag: '"V4"' }, { etag: '"V5"' }],
    });

    const result = await carryOut(task({ checkSource: true }), { call, ...options });

    expect(result).toMatchObject({
      status: 'failed',
      kind: 'transient',
      code: 'SourceChanging',
      attempts: 3,
    });
    expect(calls.filter((name) => name === 'process')).toHaveLength(3);
  });
});
