import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/oss/call.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import { startWorkbench } from '../faults/workbench.ts';
import { callOf, runAll } from '../pipeline/run-fixture.ts';
import { upload } from '../pipeline/uploads.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { removeAll, targets, thumbnail } from './remove-fixture.ts';

describe('an output that was saved by an attempt that ended before it could ask for the source', () => {
  /** The event of an upload that saved its outputs, while its source was deleted and nothing asked for it. */
  async function leaveBehind(more: object = {}) {
    const output = { style: 'image/info', target: { key: 'derived/{key}' }, ...more };
    const workbench = await startWorkbench({ rules: { rules: [{ ...thumbnail, outputs: [output] }] } });
    const event = await workbench.upload('uploads/a', 'a picture');
    await workbench.invoke(event);
    await removeAll(workbench, 'uploads/a');
    expect(await workbench.read('derived/uploads/a')).toBe('image/info(a picture)');
    return { ...workbench, event };
  }

  it.each([
    ['to be made again', {}],
    ['that is complete', { headers: { 'Cache-Control': 'no-cache' } }],
    ['that is not made twice', { refresh: 'missing' }],
  ])(
    'an output %s goes with its source, where an attempt ended before it could ask for that',
    async (_, more) => {
      const { event, invoke, read } = await leaveBehind(more);

      const { report } = await invoke(event);

      expect(report).toMatchObject({ saved: 0, removed: 1, failed: 0 });
      expect(await read('derived/uploads/a')).toBeUndefined();
    },
  );

  it('an output stays where a person names a source that is not there', async () => {
    const { invoke, read } = await leaveBehind();

    const { report } = await invoke({ bucket: 'photos', key: 'uploads/a' });

    expect(report.results).toMatchObject([{ status: 'failed', code: 'NoSuchKey' }]);
    expect(await read('derived/uploads/a')).toBe('image/info(a picture)');
  });

  it('an upload that was deleted before anything was made of it is no failure where its outputs go with it', async () => {
    const workbench = await startWorkbench({ rules: { rules: [thumbnail] } });
    const event = await workbench.upload('uploads/a', 'a picture');
    await removeAll(workbench, 'uploads/a');

    expect((await workbench.invoke(event)).report).toMatchObject({ removed: 2, failed: 0 });
  });
});

describe('an upload that OSS says is gone when it is processed', () => {
  it.each(['NoSuchKey', 'NoSuchFile'])(
    'an upload that is gone by %s takes its outputs along',
    async (code) => {
      const sent: string[] = [];
      const call: Call = async ({ operation, bucket, key }) => {
        sent.push(operation);
        const context = { operation, bucket, key, attempts: 1 };
        const answer = { headers: { 'x-oss-request-id': 'R' }, body: Buffer.alloc(0) };
        if (operation === 'DeleteObject') {
          return { ...answer, statusCode: 204, context };
        }
        const name = operation === 'ProcessObject' ? code : 'NoSuchKey';
        const body = Buffer.from(`<Error><Code>${name}</Code></Error>`);
        throw new OssServiceError(context, { ...answer, statusCode: 404, body });
      };
      const output = { style: 'image/info', target: { key: 'derived/{key}' } };
      const ruleSet = ruleSetOf({ rules: [{ ...thumbnail, outputs: [output] }] });
      const record = upload('uploads/a', { modifiedAt: '2026-03-11T06:21:35Z' });

      const { results } = await runAll([{ record, ruleSet, dryRun: false }], call);

      const removed = { status: 'removed', requestId: 'R', attempts: 1 };
      expect(results).toMatchObject([{ ...removed, target: { key: 'derived/uploads/a' } }]);
      expect(sent).toContain('DeleteObject');
    },
  );
});

describe('an upload whose outputs go with it', () => {
  const output = { style: 'image/info', target: { bucket: 'dst-bucket', key: '{name}.webp' } };
  const ruleSet = ruleSetOf({ rules: [{ ...thumbnail, outputs: [output] }] });
  const record = upload('uploads/a.jpg', { modifiedAt: '2026-03-11T06:21:35Z' });

  /** The end of the upload where OSS answers the looks at its source in turn by these codes, or by a 200. */
  async function endWith(codes: string[], rules = ruleSet, eventName = record.event.eventName) {
    const process = callOf(() => ({ object: 'a.webp' }));
    const call: Call = async (request) => {
      const { operation, bucket, key } = request;
      const context = { operation, bucket, key, attempts: 1 };
      const answer = { headers: { 'x-oss-request-id': 'R', 'content-length': '9' }, body: Buffer.alloc(0) };
      const code = operation === 'HeadObject' && bucket === 'photos' ? codes.shift() : undefined;
      if (code !== undefined) {
        const [statusCode, text] = [code.startsWith('NoSuch') ? 404 : 403, `<Code>${code}</Code>`];
        throw new OssServiceError(context, {
          ...answer,
          statusCode,
          body: Buffer.from(`<Error>${text}</Error>`),
        });
      }
      return operation === 'HeadObject' ? { ...answer, statusCode: 200, context } : process(request);
    };
    const job = { record: { ...record, event: { ...record.event, eventName } }, dryRun: false };
    const { results } = await runAll([{ ...job, ruleSet: rules }], call);
    return results;
  }
  const subject = {
    rule: 'thumbnail',
    source: { bucket: 'photos', key: 'uploads/a.jpg' },
    target: { bucket: 'dst-bucket', key: 'a.webp' },
  };

  it.each([
    ['archived', 'InvalidObjectState'],
    ['NoSuchBucket', 'NoSuchBucket'],
  ])(
    'an upload whose outputs go with it fails, to be tried again, where OSS does not say whether it is there: %s',
    async (code, answer) => {
      const failure = { status: 'failed', kind: 'transient', code };

      expect(await endWith([answer])).toMatchObject([{ ...subject, ...failure }]);
    },
  );

  it('an upload whose outputs go with it has saved them where it was gone for a moment only', async () => {
    expect(await endWith(['NoSuchKey'])).toMatchObject([{ ...subject, status: 'saved' }]);
  });

  it('an upload whose outputs go with it has lost them where it comes back larger than its rule takes it', async () => {
    const match = { ...thumbnail.match, size: { max: 8 } };
    const limited = ruleSetOf({ rules: [{ ...thumbnail, match, outputs: [output] }] });

    const results = await endWith(['NoSuchKey'], limited, 'ObjectRemoved:DeleteObject');

    expect(results).toMatchObject([{ ...subject, status: 'removed', requestId: 'R', attempts: 1 }]);
  });
});

describe('an upload that OSS has to be asked about, and that was deleted meanwhile', () => {
  const record = {
    eventName: 'ObjectCreated:PutObject',
    oss: { bucket: { name: 'photos' }, object: { key: 'uploads/a', size: 9 } },
  };
  const pictures = { ...thumbnail, match: { key: 'uploads/**', contentType: 'image/*' } };

  it('an upload that OSS has to be asked about takes its outputs along where it was deleted meanwhile', async () => {
    const elsewhere = { ...pictures, name: 'elsewhere', match: { key: 'elsewhere/**' }, onRemove: undefined };
    const workbench = await startWorkbench({ rules: { rules: [pictures, elsewhere] } });
    await workbench.upload(targets[0] ?? '', 'made by an attempt that got no further');

    const { report } = await workbench.invoke({ events: [record] });

    expect(report).toMatchObject({ removed: 2, failed: 0 });
    expect(await workbench.read(targets[0] ?? '')).toBeUndefined();
  });

  it('an upload that OSS has to be asked about still fails for a rule that keeps its outputs', async () => {
    const { onRemove: _, ...other } = { ...pictures, name: 'other' };
    const workbench = await startWorkbench({ rules: { rules: [pictures, other] } });

    const { report } = await workbench.invoke({ events: [record] });

    expect(report).toMatchObject({ removed: 2, failed: 1 });
  });

  it('an upload that OSS has to be asked about fails once where every rule keeps its outputs', async () => {
    const workbench = await startWorkbench({ rules: { rules: [{ ...pictures, onRemove: undefined }] } });

    const { report } = await workbench.invoke({ events: [record] });

    expect(report.results).toMatchObject([{ status: 'failed', code: 'NoSuchKey' }]);
  });

  it('an upload that OSS has to be asked about keeps its outputs where a person names it', async () => {
    const workbench = await startWorkbench({ rules: { rules: [pictures] } });
    await workbench.upload(targets[0] ?? '', 'made earlier');

    const { report } = await workbench.invoke({ bucket: 'photos', key: 'uploads/a' });

    expect(report).toMatchObject({ removed: undefined, failed: 1 });
    expect(await workbench.read(targets[0] ?? '')).toBe('made earlier');
  });
});
