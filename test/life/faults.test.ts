import { describe, expect, it } from 'vitest';
import { faultNames, faultOperations } from '../../src/local/oss/faults/kinds.ts';
import { describeImage, startWorkbench } from '../faults/workbench.ts';
import { startLife } from './bench.ts';
import { removeAll, thumbnail } from './remove-fixture.ts';

const faultsOf = (operation: string) =>
  faultNames.filter((fault) => faultOperations[fault]?.includes(operation) !== false);

/** One upload that meets a fault once, and is repeated as long as it fails; how often OSS processed it, and what is left. */
async function meet(fault: string, operation: string, more: object) {
  const { upload, setFaults, invoke, processed, client } = await startLife(
    more,
    // A dead peer costs an attempt its whole time.
    fault === 'HalfOpen' ? 2_000 : undefined,
  );
  const event = await upload('uploads/a', 'a picture');
  await setFaults({ rules: [{ fault, operation, count: 1, delayMs: 20 }] });
  const ends = [await invoke(event)];
  while (ends.at(-1)?.error !== undefined && ends.length < 4) {
    ends.push(await invoke(event));
  }
  const left = await client.head('derived/a').catch(() => undefined);
  return { last: ends.at(-1)?.report, attempts: ends.length, processed: processed.length, left };
}

describe.each(['HeadObject', 'CopyObject'])('an output with properties, at %s', (operation) => {
  it.each(faultsOf(operation))(
    `an output with properties is complete at the second attempt at the latest, and processed once, where ${operation} meets %s`,
    async (fault) => {
      const properties = { headers: { 'Cache-Control': 'no-cache' }, storageClass: 'Archive' };

      const { last, attempts, processed, left } = await meet(fault, operation, properties);

      expect(last).toMatchObject({ failed: 0 });
      expect(attempts).toBeLessThanOrEqual(2);
      expect(processed).toBe(1);
      expect(left?.res.headers).toMatchObject({
        ...{ 'cache-control': 'no-cache', 'content-type': 'image/webp', 'x-oss-storage-class': 'Archive' },
      });
    },
  );
});

describe('an output that is larger than its source', () => {
  it.each(faultsOf('DeleteObject'))(
    'an output that is larger than its source is gone at the second attempt at the latest, where its deletion meets %s',
    async (fault) => {
      const { last, attempts, left } = await meet(fault, 'DeleteObject', { skipLarger: true });

      expect(last).toMatchObject({ saved: 0, skipped: 1, failed: 0 });
      expect(attempts).toBeLessThanOrEqual(2);
      expect(left).toBeUndefined();
    },
  );
});

describe('an output whose source is deleted while it is made', () => {
  it.each(faultsOf('HeadObject'))(
    'an output whose source is deleted while it is made is gone at the second attempt at the latest, where HeadObject meets %s',
    async (fault) => {
      const outputs = [{ style: 'image/info', target: { key: 'derived/{key}' } }];
      const workbench = await startWorkbench({
        rules: { rules: [{ ...thumbnail, outputs }] },
        attemptTimeoutMs: fault === 'HalfOpen' ? 2_000 : 30_000,
        oss: {
          processImage: async (request) => {
            const image = await describeImage(request);
            await removeAll(workbench, 'uploads/a');
            return image;
          },
        },
      });
      const event = await workbench.upload('uploads/a', 'a picture');
      await workbench.setFaults({ rules: [{ fault, operation: 'HeadObject', count: 1, delayMs: 20 }] });

      const first = await workbench.invoke(event);
      const last = first.error === undefined ? first : await workbench.invoke(event);

      expect(last.report).toMatchObject({ removed: 1, saved: 0, failed: 0 });
      expect(await workbench.read('derived/uploads/a')).toBeUndefined();
    },
  );
});
