import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ruleSetOfOutputs } from '../rules/rule-sets.ts';
import { formatTable } from '../table.ts';
import { type BuiltFunction, buildFunction, type Cloud, startCloud } from './cloud.ts';

/** `npm run burst` makes the real one; `npm test` one that is over in seconds. */
const isLong = process.env.BURST === 'long';

interface Burst {
  /** Image calls a second that OSS allows. */
  quota: number;
  callMs: number;
  uploads: number;
  withinMs: number;
  outputs: number;
  maxInstances: number;
}

/** Instances where nothing caps the function; Function Compute itself would go on to 100 and more. */
const uncapped = isLong ? 40 : 8;

/** The same as in `s.yaml`; one upload with fewer outputs has fewer calls under way. */
const concurrency = 2;

/** The cap that keeps the quota, as `s.yaml` says it. */
function capOf({ quota, callMs, outputs }: Pick<Burst, 'quota' | 'callMs' | 'outputs'>): number {
  return Math.max(1, Math.floor((quota * callMs) / 1000 / Math.min(concurrency, outputs)));
}

const large = { quota: 50, callMs: 200, withinMs: 10_000 };
const small = { quota: 5, callMs: 200, withinMs: 10_000 };
const bursts: readonly Omit<Burst, 'maxInstances'>[] = isLong
  ? [
      { ...large, uploads: 5_000, outputs: 1 },
      { ...large, uploads: 1_250, outputs: 4 },
      // Ten times fewer: at 5 calls a second 5,000 would take 17 minutes.
      { ...small, uploads: 500, outputs: 1 },
    ]
  : [{ quota: 5, callMs: 200, withinMs: 500, uploads: 20, outputs: 1 }];

let built: BuiltFunction;
const rows: string[][] = [];
beforeAll(async () => {
  built = await buildFunction();
});
afterAll(() => {
  rmSync(built.dir, { recursive: true, force: true });
  const headings = ['quota', 'uploads', 'outputs', 'instances', 'done', 'dead letters', 'calls', 'throttled'];
  console.log(
    formatTable(
      [...headings, 'invocations', 'billed', 'useful', 'billed/useful', 'uploaded in', 'done after'],
      rows,
    ),
  );
});

async function play(burst: Burst) {
  const { quota, callMs, uploads, withinMs, outputs, maxInstances } = burst;
  const cloud = await startCloud(built, {
    ruleSet: ruleSetOfOutputs(outputs),
    maxInstances,
    timeoutMs: 60_000,
    retryDelaysMs: [1_000, 2_000, 4_000],
    environment: { CONCURRENCY: String(concurrency) },
    faults: { imageCallsPerSecond: quota },
    processImage: async () => {
      await pause(callMs);
      return { body: Buffer.from('pixels'), contentType: 'image/webp' };
    },
    onObjectEvent: (record, enqueue) => {
      // The trigger's prefix, as in s.yaml.
      if (record.oss.object.key.startsWith('uploads/')) {
        enqueue({ events: [record] });
      }
    },
  });
  try {
    const startedAt = performance.now();
    await uploadAll(cloud, uploads, withinMs);
    const uploadedMs = performance.now() - startedAt;
    await cloud.functionCompute.idle();
    return summarize(burst, cloud, { uploadedMs, doneMs: performance.now() - startedAt });
  } finally {
    await cloud.close();
  }
}

async function uploadAll({ client }: Cloud, count: number, withinMs: number): Promise<void> {
  const startedAt = performance.now();
  const lane = async (first: number, lanes: number) => {
    for (let i = first; i < count; i += lanes) {
      const dueInMs = startedAt + (i / count) * withinMs - performance.now();
      if (dueInMs > 0) {
        await pause(dueInMs);
      }
      await client.putObject({ bucket: 'photos', key: `uploads/${i}`, body: 'pixels' });
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, first) => lane(first, 16)));
}

function summarize(
  burst: Burst,
  { outcomes, requests }: Cloud,
  { uploadedMs, doneMs }: { uploadedMs: number; doneMs: number },
) {
  const done = outcomes.filter(({ result }) => result.status === 'succeeded').length;
  const sum = (of: (outcome: (typeof outcomes)[number]) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const billedMs = sum((outcome) => outcome.billedMs);
  const usefulMs = (burst.uploads * burst.outputs * burst.callMs) / Math.min(concurrency, burst.outputs);
  const throttledShare = requests.throttled / requests.processed;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const cap = burst.maxInstances === uncapped ? `${uncapped} (no cap)` : `${burst.maxInstances}`;
  const row = [
    `${burst.quota}/s`,
    ...[`${burst.uploads}`, `${burst.outputs}`, cap, `${done}`, `${outcomes.length - done}`],
    ...[
      `${requests.processed}`,
      `${(throttledShare * 100).toFixed(1)} %`,
      `${sum(({ attempts }) => attempts)}`,
    ],
    ...[
      seconds(billedMs),
      seconds(usefulMs),
      (billedMs / usefulMs).toFixed(2),
      seconds(uploadedMs),
      seconds(doneMs),
    ],
  ];
  // Rows come as they are measured: a long burst would say nothing for many minutes.
  console.log(row.join('  '));
  rows.push(row);
  return { done, deadLetters: outcomes.length - done, throttledShare };
}

describe.each(bursts)('$uploads uploads of $outputs outputs against $quota image calls a second', (burst) => {
  const timeout = isLong ? 1_800_000 : 60_000;

  it('uploads are all done with the cap, and next to none is throttled', { timeout }, async () => {
    const { done, deadLetters, throttledShare } = await play({ ...burst, maxInstances: capOf(burst) });

    expect([done, deadLetters]).toEqual([burst.uploads, 0]);
    expect(throttledShare).toBeLessThan(0.03);
  });

  it('uploads are throttled without the cap, and paid for many times over', { timeout }, async () => {
    const { done, deadLetters, throttledShare } = await play({ ...burst, maxInstances: uncapped });

    expect(done + deadLetters).toBe(burst.uploads);
    expect(throttledShare).toBeGreaterThan(0.1);
  });
});
