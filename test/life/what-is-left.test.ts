import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { saveAndFinish } from '../../src/life/after-steps.ts';
import { propertyHeaders } from '../../src/life/copy.ts';
import type { Call, OperationRequest } from '../../src/oss/call.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import type { SaveTask } from '../../src/pipeline/result.ts';
import { rulesOf } from '../pipeline/uploads.ts';

const options = { deadlineMs: 1_000, now: () => 0, ruleSet: rulesOf() };
const saved = '{"bucket":"photos","object":"derived/a","fileSize":7,"status":"OK"}';

const task: SaveTask = {
  action: 'save',
  rule: 'r',
  source: { bucket: 'photos', key: 'uploads/a' },
  target: { bucket: 'photos', key: 'derived/a' },
  style: 'image/resize,w_10',
  process: 'image/resize,w_10|sys/saveas,…',
  afterSteps: { headers: { expires: '0' } },
  version: { eTag: 'V1', sizeBytes: 9 },
  raisedAt: '2026-03-11T06:21:35.400Z',
};

const target = (headers: Record<string, string>, savedAt = '2026-03-11T06:21:36Z') => ({
  ...{ 'content-length': '7', 'content-type': 'image/webp', 'last-modified': savedAt },
  ...headers,
});

/** A rule that asks for a target by this reason alone. */
const reasons = {
  'target-exists': { refresh: 'missing' },
  'up-to-date': { refresh: 'stale' },
} as const;

const otherSteps = { afterSteps: { acl: 'private' } } as const;

/** The operations that are done where the target is `existing`, and the headers of a copy. */
async function doneWith(
  existing: Record<string, string> | undefined,
  changes: Partial<SaveTask> = {},
  reason?: keyof typeof reasons,
  answerToProcess = saved,
) {
  const done: string[] = [];
  let looks = 0;
  let copy: OperationRequest['headers'] = {};
  const planned = { ...task, ...changes, ...(reason && reasons[reason]) };
  const source = { 'content-length': String(planned.version.sizeBytes) };
  const call: Call = async ({ operation, bucket, key, headers, deadlineMs }) => {
    expect(deadlineMs).toBe(options.deadlineMs);
    const context = { operation, bucket, key, attempts: operation === 'ProcessObject' ? 2 : 1 };
    const answer = { statusCode: 200, headers: { 'x-oss-request-id': operation }, body: Buffer.alloc(0) };
    if (operation === 'HeadObject') {
      looks += 1;
      const made = done.includes('ProcessObject') ? target({}) : existing;
      const found = key === planned.source.key ? source : made;
      if (found === undefined) {
        throw new OssServiceError(context, { ...answer, statusCode: 404 });
      }
      return { ...answer, headers: { ...answer.headers, ...found }, context };
    }
    done.push(operation);
    copy = headers;
    const body = Buffer.from(operation === 'ProcessObject' ? answerToProcess : '<CopyObjectResult/>');
    const length = { 'content-length': String(body.length) };
    return { ...answer, headers: { ...answer.headers, ...length }, body, context };
  };
  const version = { modifiedAt: '2026-03-11T06:00:00Z', ...planned.version };
  const end = await saveAndFinish({ ...planned, version }, { ...options, call });
  return { done, end, copy, looks };
}

/** The mark that a target gets, as the headers of a look at it. */
async function markOf(changes: Partial<SaveTask> = {}): Promise<Record<string, string>> {
  const mark = (await doneWith(undefined, changes)).copy?.['x-oss-meta-oss-saveas'] ?? '';
  return { 'x-oss-meta-oss-saveas': mark };
}

it('tags are sent so that a form decoder reads them back, whatever they are', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aZ09 +-=._:/猫é') });
  fc.assert(
    fc.property(fc.dictionary(text, text, { minKeys: 1, maxKeys: 10 }), (tags) => {
      const sent = propertyHeaders({ tags }, undefined)['x-oss-tagging'] ?? '';

      expect(sent).toMatch(/^[\x21-\x7e]+$/);
      expect([...new URLSearchParams(sent)]).toEqual(Object.entries(tags));
    }),
  );
});

describe('a target that is looked at before it is made', () => {
  it('a target that is not there is processed and completed, under the request id and attempts of the process', async () => {
    const { done, end } = await doneWith(undefined);

    expect(done).toEqual(['ProcessObject', 'CopyObject']);
    expect(end).toEqual({ status: 'saved', sizeBytes: 7, requestId: 'ProcessObject', attempts: 2 });
  });

  it('a target that is there is completed under the request id and attempts of the copy', async () => {
    const { end } = await doneWith(target({}));

    expect(end).toEqual({ status: 'saved', sizeBytes: 7, requestId: 'CopyObject', attempts: 1 });
  });

  it('a target is made again by the next event where nobody knows by which style it was made', async () => {
    const { done, copy } = await doneWith(target({}));
    const marked = { 'x-oss-meta-oss-saveas': copy?.['x-oss-meta-oss-saveas'] ?? '' };

    expect(done).toEqual(['CopyObject']);
    expect((await doneWith(target(marked))).done).toEqual(['ProcessObject', 'CopyObject']);
    expect((await doneWith(target(marked), {}, 'up-to-date')).done).toEqual([]);
  });

  it.each<[string, Partial<SaveTask>]>([
    ['a person asks for it', { raisedAt: undefined }],
    ['its rule asks for no more than its size', { afterSteps: { skipLarger: true } }],
  ])('a target is made again where it may be of an older source and %s', async (_, changes) => {
    const version = { ...task.version, modifiedAt: '2026-03-11T06:21:30Z' };

    const { done } = await doneWith(target({}), { ...changes, version }, 'up-to-date');

    expect(done[0]).toBe('ProcessObject');
  });

  it('a target that is only to be measured is told as OSS made it, and left alone once it is there', async () => {
    const limited = { afterSteps: { skipLarger: true } };

    const made = await doneWith(undefined, limited);
    const kept = await doneWith(target({}), limited, 'target-exists');

    expect(made.done).toEqual(['ProcessObject']);
    expect(made.end).toEqual({ status: 'saved', sizeBytes: 7, requestId: 'ProcessObject', attempts: 2 });
    expect([kept.done, kept.end]).toEqual([[], { status: 'skipped', reason: 'target-exists' }]);
  });

  it.each([
    ['goes', 'NoSuchKey', ['ProcessObject', 'HeadObject', 'DeleteObject']],
    ['stays', 'NoSuchBucket', ['ProcessObject', 'HeadObject']],
  ])(
    'a target that is larger than its source was %s where OSS says %s of that',
    async (_, code, expected) => {
      const done: string[] = [];
      const call: Call = async ({ operation, bucket, key }) => {
        done.push(operation);
        const context = { operation, bucket, key, attempts: 1 };
        const answer = { statusCode: 200, headers: { 'x-oss-request-id': 'R' }, body: Buffer.from(saved) };
        if (operation === 'HeadObject' && key === task.source.key) {
          const body = Buffer.from(`<Error><Code>${code}</Code></Error>`);
          throw new OssServiceError(context, { ...answer, statusCode: 404, body });
        }
        return { ...answer, headers: { ...answer.headers, ...target({}) }, context };
      };
      const limited = { afterSteps: { skipLarger: true }, version: { sizeBytes: 5 } };

      await saveAndFinish({ ...task, ...limited }, { ...options, call });

      expect(done.filter((operation, i) => operation !== done[i - 1])).toEqual(expected);
    },
  );

  it('a target is made again where OSS does not say when it was saved', async () => {
    const { 'last-modified': _, ...timeless } = target({});

    expect((await doneWith(timeless)).done).toEqual(['ProcessObject', 'CopyObject']);
  });

  it('a target is measured once it is made where OSS does not say how large it is', async () => {
    const limited = { afterSteps: { skipLarger: true }, version: { sizeBytes: 5 } };

    const { done, end } = await doneWith(undefined, limited, undefined, '');

    expect(done).toEqual(['ProcessObject', 'DeleteObject']);
    expect(end).toEqual({ status: 'skipped', reason: 'larger-than-source' });
  });

  it('a target that was only measured, and is small enough, is not copied', async () => {
    const limited = { afterSteps: { skipLarger: true } };

    expect((await doneWith(undefined, limited, undefined, '')).done).toEqual(['ProcessObject']);
  });

  it.each<[string, keyof typeof reasons, Partial<SaveTask> | undefined]>([
    ['is wanted only where it is missing', 'target-exists', undefined],
    ['is up to date', 'up-to-date', undefined],
    ["is wanted only where it is missing and has another rule's mark", 'target-exists', otherSteps],
    ["is up to date and has another rule's mark", 'up-to-date', otherSteps],
  ])('a target is never deleted for its size where it %s', async (_, reason, marked) => {
    const version = { eTag: 'V1', sizeBytes: 5 };
    const limited = { afterSteps: { ...task.afterSteps, skipLarger: true }, version };
    const headers = marked === undefined ? {} : await markOf({ ...marked, version });

    const { done, end } = await doneWith(target(headers), limited, reason);

    expect(done).toEqual([]);
    expect(end).toEqual({ status: 'skipped', reason });
  });

  it('a target is deleted for its size only once this event has made it', async () => {
    const limited = { afterSteps: { ...task.afterSteps, skipLarger: true }, version: { sizeBytes: 5 } };

    expect((await doneWith(target({}), limited)).done).toEqual(['ProcessObject', 'DeleteObject']);
  });

  it('a target is looked at only once it is made where a person asks for it', async () => {
    const asked = await doneWith(target(await markOf()), { raisedAt: undefined });

    expect(asked).toMatchObject({ done: ['ProcessObject', 'CopyObject'], looks: 1 });
    expect((await doneWith(undefined)).looks).toBe(2);
  });

  it('a target is given the content type that it has, since a copy would drop it', async () => {
    const { copy } = await doneWith(undefined);

    expect(copy).toEqual({
      'x-oss-copy-source': '/photos/derived/a',
      'x-oss-metadata-directive': 'REPLACE',
      'content-type': 'image/webp',
      expires: '0',
      'x-oss-meta-oss-saveas': expect.stringMatching(/^[0-9a-f]{12}-[0-9a-f]{12}-[0-9a-f]{12}$/),
    });
  });

  it.each([
    [
      'is made again where it was saved before the upload',
      {},
      '2026-03-11T06:21:34Z',
      ['ProcessObject', 'CopyObject'],
    ],
    [
      'is only completed where it was saved in the second of the upload',
      {},
      '2026-03-11T06:21:35Z',
      ['CopyObject'],
    ],
    ['is only completed where it was saved since', {}, '2026-03-11T06:21:36Z', ['CopyObject']],
  ])('a target %s', async (_, headers, savedAt, expected) => {
    expect((await doneWith(target(headers, savedAt))).done).toEqual(expected);
  });

  it('a target is left alone where it is complete, and made again where its mark is of another version or another style', async () => {
    const complete = await doneWith(target(await markOf()));
    const older = await doneWith(target(await markOf({ version: { eTag: 'V0' } })));
    const other = await doneWith(target(await markOf({ process: 'image/info|sys/saveas,…' })));

    expect(complete).toMatchObject({ done: [], end: { status: 'skipped', reason: 'already-saved' } });
    expect([older.done, other.done]).toEqual(Array(2).fill(['ProcessObject', 'CopyObject']));
  });

  it('a target is only completed where the rule has come to ask for other steps', async () => {
    const changed = await markOf({ afterSteps: { headers: { expires: '1' } } });

    expect((await doneWith(target(changed))).done).toEqual(['CopyObject']);
  });

  it('a target counts as up to date where its time says so, and not where its mark names another version', async () => {
    const look = async (headers: Record<string, string>) =>
      (await doneWith(target(headers), {}, 'up-to-date')).done;

    expect(await look(await markOf())).toEqual([]);
    expect(await look(await markOf({ process: 'image/info|sys/saveas,…' }))).toEqual([]);
    expect(await look({})).toEqual(['CopyObject']);
    const unknown = { version: {} };
    expect((await doneWith(target(await markOf()), unknown, 'up-to-date')).done).toEqual([]);
    expect(await look(await markOf({ version: { eTag: 'V0' } }))).toEqual(['ProcessObject', 'CopyObject']);
  });

  it('a target that is wanted only where it is missing is completed without a claim of which version it was made', async () => {
    const other = { version: { eTag: 'V0' }, afterSteps: { acl: 'private' } };
    const markBy = async (headers: Record<string, string>) =>
      (await doneWith(target(headers), {}, 'target-exists')).copy?.['x-oss-meta-oss-saveas']?.split('-');
    const [, , otherSource] = Object.values(await markOf(other))
      .join('')
      .split('-');

    expect(await markBy({})).toEqual([expect.anything(), expect.anything(), 'unknown']);
    expect(await markBy(await markOf(other))).toEqual([expect.anything(), expect.anything(), otherSource]);
    expect((await doneWith(target(await markOf()), {}, 'target-exists')).end).toEqual({
      ...{ status: 'skipped', reason: 'target-exists' },
    });
  });

  it('a target tells nothing of its source by its mark but whether it is the same', async () => {
    const eTag = '5D41402ABC4B2A76B9719D911017C592';

    expect(JSON.stringify(await markOf({ version: { eTag } }))).not.toContain(eTag.slice(0, 12));
    expect(await markOf({ version: { eTag } })).toEqual(await markOf({ version: { eTag, sizeBytes: 1 } }));
  });

  it.each([
    ['succeeds', false],
    ['fails too', true],
  ])('an output fails under the request id of its copy where the look after that %s', async (_, isHidden) => {
    let hasFailed = false;
    const call: Call = async ({ operation, bucket, key }) => {
      const context = { operation, bucket, key, attempts: operation === 'ProcessObject' ? 2 : 1 };
      const headers = { 'x-oss-request-id': operation };
      if (operation === 'CopyObject' || (hasFailed && isHidden)) {
        hasFailed = true;
        const body = Buffer.from(`<Error><Code>${operation}Denied</Code></Error>`);
        throw new OssServiceError(context, { statusCode: 403, headers, body });
      }
      return { statusCode: 200, headers: { ...headers, ...target({}) }, body: Buffer.from(saved), context };
    };

    expect(await saveAndFinish({ ...task, raisedAt: undefined }, { ...options, call })).toMatchObject({
      ...{ status: 'failed', code: 'CopyObjectDenied', isSaved: true },
      ...{ requestId: 'CopyObject', attempts: 1 },
    });
  });

  it.each(['', '<Error><Code>InternalError</Code></Error>'])(
    'an output fails where the answer to the copy is no result of one: %j',
    async (text) => {
      const call: Call = async (request) => {
        const headers: Record<string, string> = { 'x-oss-request-id': 'R' };
        return { statusCode: 200, headers, body: Buffer.from(text), context: { ...request, attempts: 1 } };
      };

      expect(await saveAndFinish(task, { ...options, call, isSaved: true })).toMatchObject({
        ...{ status: 'failed', kind: 'transient', isSaved: true },
        message: expect.stringContaining('instead of what was copied'),
      });
    },
  );
});
