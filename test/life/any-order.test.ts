import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ImageRequest } from '../../src/local/image/contract.ts';
import { describeImage, startWorkbench } from '../faults/workbench.ts';

const rules = {
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      onRemove: 'delete',
      outputs: [
        { style: 'image/info', target: { key: 'derived/{key}' } },
        { style: 'image/info', target: { key: 'public/{key}' }, headers: { 'Cache-Control': 'no-cache' } },
      ],
    },
  ],
};
const keys = ['uploads/a', 'uploads/b'];
const targetsOf = (key: string) => [`derived/${key}`, `public/${key}`];
const foreign = ['derived/a', 'derived/uploads/c', 'other/uploads/a', 'uploads.txt'];

const step = fc.record({
  key: fc.constantFrom(...keys),
  isUpload: fc.boolean(),
  /** How often the event of the step is delivered, all at once, and how long the next step waits. */
  deliveries: fc.integer({ min: 1, max: 2 }),
  waitMs: fc.integer({ min: 0, max: 30 }),
});

/** The names of events that somebody makes up of objects that are there. */
const forgery = fc.constantFrom('ObjectRemoved:DeleteObject', 'ObjectReplication:ObjectRemoved', 'Manual');

it('outputs are there in the end just where their source is, whatever the order of uploads, deletions and their events and whichever attempts are killed, and nothing else is deleted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(forgery, { maxLength: 2 }),
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 5, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 6 }),
      async (steps, forgeries, delaysMs, requestsUntilKilled) => {
        let requests = 0;
        const lastRequests = [...requestsUntilKilled];
        // An attempt that has made its last request is killed: nothing more of it goes out.
        const attempts = new AsyncLocalStorage<{ requestsLeft: number; kill: () => void }>();
        const before = () => {
          const attempt = attempts.getStore();
          requests += 1;
          if (attempt !== undefined && attempt.requestsLeft-- <= 0) {
            attempt.kill();
            return new Promise<void>(() => {});
          }
          return pause(delaysMs[requests % delaysMs.length]);
        };
        const processImage = async (request: ImageRequest) => {
          const image = await describeImage(request);
          await pause(4 * (delaysMs[requests % delaysMs.length] ?? 0));
          return image;
        };
        const { oss, invoke, read } = await startWorkbench({ rules, before, oss: { processImage } });
        const put = (key: string) => oss.call({ method: 'PUT', bucket: 'photos', key, body: 'a picture' });
        await Promise.all(foreign.map(put));
        const eventOf = (eventName: string, key: string) => ({
          ...{ eventName, eventTime: new Date().toISOString() },
          oss: { bucket: { name: 'photos' }, object: { key } },
        });
        const attempt = (record: object) =>
          new Promise<boolean>((resolve, reject) => {
            const requestsLeft = lastRequests.pop() ?? Number.POSITIVE_INFINITY;
            attempts.run({ requestsLeft, kill: () => resolve(false) }, () => {
              invoke({ events: [record] }).then(({ error }) => resolve(error === undefined), reject);
            });
          });
        const deliver = async (record: object) => {
          for (let isDone = false, left = 10; !isDone && left > 0; left -= 1) {
            isDone = await attempt(record);
          }
        };

        const sources = new Set<string>();
        const invocations: Promise<void>[] = [];
        for (const { key, isUpload, deliveries, waitMs } of steps) {
          if (isUpload) {
            await put(key);
            sources.add(key);
          } else {
            await oss.call({ method: 'DELETE', bucket: 'photos', key });
            sources.delete(key);
          }
          const record = eventOf(isUpload ? 'ObjectCreated:PutObject' : 'ObjectRemoved:DeleteObject', key);
          for (let i = 0; i < deliveries; i += 1) {
            invocations.push(deliver(record));
          }
          await pause(waitMs);
        }
        invocations.push(...forgeries.map((name) => deliver(eventOf(name, steps[0]?.key ?? ''))));
        await Promise.all(invocations);

        for (const key of keys) {
          const there = await Promise.all(
            targetsOf(key).map(async (target) => (await read(target)) !== undefined),
          );
          expect([key, ...there]).toEqual([key, ...targetsOf(key).map(() => sources.has(key))]);
        }
        expect(await Promise.all(foreign.map(read))).toEqual(foreign.map(() => 'a picture'));
      },
    ),
    { numRuns: Number(process.env.ORDER_RUNS ?? 20) },
  );
}, 120_000);
