import { describe, expect, it } from 'vitest';
import { OssServiceError } from '../../src/oss/errors.ts';
import type { ObjectResult, ProcessResult } from '../../src/oss/processing.ts';
import type { Planned } from '../../src/pipeline/result.ts';
import { save } from '../../src/pipeline/save.ts';

const task = (care: Partial<Planned> = {}): Planned => ({
  status: 'planned',
  rule: 'r',
  source: { bucket: 'src-bucket', key: 'a.jpg' },
  target: { bucket: 'dst-bucket', key: 'a.webp' },
  style: 'image/info',
  process: 'image/info|sys/saveas,…',
  version: { eTag: 'V1', modifiedAt: '2026-03-11T06:21:35.400Z' },
  ...care,
});

const notFound = (operation: string, statusCode = 404) =>
  new OssServiceError(
    { operation, bucket: 'b', key: 'k', attempts: 1 },
    { statusCode, headers: {}, body: Buffer.alloc(0) },
  );

/** Answers HEADs by key in turn, the last one again and again; counts the calls. */
function clientOf(heads: Record<string, (Partial<ObjectResult> | Error)[]>) {
  const calls: string[] = [];
  const saved: ProcessResult = {
    statusCode: 200,
    requestId: 'R',
    attempts: 1,
    bucket: 'dst-bucket',
    key: 'a.webp',
    sizeBytes: 7,
    processStatus: 'OK',
  };
  return {
    calls,
    processObject: async () => {
      calls.push('process');
      return saved;
    },
    headObject: async ({ key }: { key: string }): Promise<ObjectResult> => {
      calls.push(`head ${key}`);
      const [answer = notFound('HeadObject')] = heads[key] ?? [];
      if ((heads[key]?.length ?? 0) > 1) {
        heads[key]?.shift();
      }
      if (answer instanceof Error) {
        throw answer;
      }
      const facts = {
        sizeBytes: 1,
        eTag: undefined,
        contentType: undefined,
        lastModified: undefined,
        headers: {},
      };
      return { statusCode: 200, requestId: 'H', attempts: 1, ...facts, ...answer };
    },
  };
}

const options = { deadline: 1_000, now: () => 0 };

describe('an output', () => {
  it('is made without asking anything first', async () => {
    const client = clientOf({});

    expect(await save(task(), { client, ...options })).toMatchObject({ status: 'saved', sizeBytes: 7 });
    expect(client.calls).toEqual(['process']);
  });
});

describe('an output refreshed only when missing', () => {
  it('is made when there is none', async () => {
    const client = clientOf({});

    expect(await save(task({ refresh: 'missing' }), { client, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(client.calls).toEqual(['head a.webp', 'process']);
  });

  it('is skipped when it is there, at the price of one HEAD', async () => {
    const client = clientOf({ 'a.webp': [{}] });

    const result = await save(task({ refresh: 'missing' }), { client, ...options });

    expect(result).toMatchObject({ status: 'skipped', reason: 'target-exists', target: { key: 'a.webp' } });
    expect(client.calls).toEqual(['head a.webp']);
  });

  it('fails, and is not taken as missing, when it cannot be told', async () => {
    const client = clientOf({ 'a.webp': [notFound('HeadObject', 403)] });

    const result = await save(task({ refresh: 'missing' }), { client, ...options });

    expect(result).toMatchObject({ status: 'failed', kind: 'permanent', statusCode: 403 });
  });
});

describe('an output refreshed only when stale', () => {
  it.each([
    ['2026-03-11T06:21:36Z', 'skipped'],
    ['2026-03-11T06:21:35Z', 'saved'], // within one second nobody can tell
    ['2026-03-11T06:21:34Z', 'saved'],
  ])('and last saved at %s is %s for a source of 06:21:35.400', async (time, status) => {
    const client = clientOf({ 'a.webp': [{ lastModified: new Date(time) }] });

    expect((await save(task({ refresh: 'stale' }), { client, ...options })).status).toBe(status);
  });

  it('is made when the age of its source is unknown', async () => {
    const client = clientOf({ 'a.webp': [{ lastModified: new Date() }] });

    expect(await save(task({ refresh: 'stale', version: {} }), { client, ...options })).toMatchObject({
      status: 'saved',
    });
  });
});

describe('an output that checks its source', () => {
  it('is made once when the source stayed as it was', async () => {
    const client = clientOf({ 'a.jpg': [{ eTag: 'V1' }] });

    expect(await save(task({ checkSource: true }), { client, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(client.calls).toEqual(['process', 'head a.jpg']);
  });

  it('is made again when the source was replaced meanwhile', async () => {
    const client = clientOf({ 'a.jpg': [{ eTag: 'V2' }] });

    expect(await save(task({ checkSource: true }), { client, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(client.calls).toEqual(['process', 'head a.jpg', 'process', 'head a.jpg']);
  });

  it('is left as it is when the source is gone', async () => {
    const client = clientOf({});

    expect(await save(task({ checkSource: true }), { client, ...options })).toMatchObject({
      status: 'saved',
    });
    expect(client.calls).toEqual(['process', 'head a.jpg']);
  });

  it('gives up for now when the source is replaced again and again', async () => {
    const client = clientOf({ 'a.jpg': [{ eTag: 'V2' }, { eTag: 'V3' }, { eTag: 'V4' }, { eTag: 'V5' }] });

    const result = await save(task({ checkSource: true }), { client, ...options });

    expect(result).toMatchObject({ status: 'failed', kind: 'transient', code: 'SourceChanging' });
    expect(client.calls.filter((call) => call === 'process')).toHaveLength(3);
  });
});
