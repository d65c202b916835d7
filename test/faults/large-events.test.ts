/*
 * How far events get that are too large for one invocation, in the four attempts that Function Compute makes. `npm run
 * large` takes the sizes and times of docs/performance.md; `npm test` a tenth of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { formatTable } from '../table.ts';
import { describeImage, startWorkbench } from './workbench.ts';

const isLong = process.env.LARGE === 'long';
/** What is measured, and what `npm test` has time for. */
const size = (long: number, short: number) => (isLong ? long : short);

/** OSS's time for a HEAD and for a picture, and the attempts that Function Compute makes. */
const [headMs, processMs, maxAttempts] = [45, 300, 4];

interface LargeEvent {
  outputs: number;
  keys: number;
  timeoutMs: number;
  /** Fields of the rule's match and of its output. */
  match?: object;
  output?: object;
  /** Outputs that are there already. */
  existing?: number;
  /** Each attempt finds an instance that remembers nothing. */
  isCold?: boolean;
}

const rows: string[][] = [];
afterAll(() => {
  const headings = ['event', 'saved in each attempt', 'left', 'processing calls', 'HEAD'];
  console.log(formatTable(headings, rows));
});

async function attemptAll(name: string, event: LargeEvent) {
  const { outputs, keys, timeoutMs, match, output, existing = 0, isCold = false } = event;
  const rule = {
    name: 'many',
    match: { key: 'uploads/**', ...match },
    outputs: Array.from({ length: outputs }, (_, i) => ({
      ...{ style: `image/resize,w_${i + 1}`, target: { key: `derived/{name}-${i + 1}` }, ...output },
    })),
  };
  const { oss, invoke, credentials } = await startWorkbench({
    ...{ rules: { rules: [rule] }, timeoutMs, concurrency: 2 },
    ...{ latencyMs: headMs, waits: true, random: Math.random },
    oss: {
      processImage: async (request) => {
        await pause(processMs - headMs);
        return describeImage(request);
      },
    },
  });
  const put = (key: string) => oss.call({ method: 'PUT', bucket: 'photos', key, body: 'pixels' });
  const names = Array.from({ length: keys }, (_, i) => `uploads/${i}`);
  await Promise.all(names.map(put));
  await Promise.all(Array.from({ length: existing }, (_, i) => put(`derived/0-${i + 1}`)));
  const saved: string[][] = [];
  let [calls, isDone] = [0, false];
  while (saved.length < maxAttempts && !isDone) {
    const id = isCold ? `FC-${saved.length}` : 'FC';
    const ended = await invoke({ bucket: 'photos', keys: names }, credentials, id);
    saved.push(ended.report.results.flatMap((one) => (one.status === 'saved' ? one.target.key : [])));
    calls += ended.calls;
    isDone = ended.error === undefined;
  }
  const processed = saved.flat().length;
  const left = keys * outputs - existing - new Set(saved.flat()).size;
  const counts = saved.map((targets) => targets.length);
  rows.push([name, counts.join(' + '), `${left}`, `${processed}`, `${calls - processed}`]);
  return { counts, left, processed };
}

const attempt = size(8_000, 1_600);
const outputs = size(200, 16);

describe('an event that is too large for one invocation', () => {
  const timeout = 600_000;

  it.each<[string, LargeEvent]>([
    ['200 outputs, attempts of 8 s, one instance', { outputs, keys: 1, timeoutMs: attempt }],
    [
      'the same with a size to be asked for',
      { outputs, keys: 1, timeoutMs: attempt, match: { size: { max: 1_000 } } },
    ],
    [
      '1,300 keys with a size to be asked for, attempts of 60 s',
      { outputs: 1, keys: size(1_300, 20), timeoutMs: size(60_000, 1_600), match: { size: { max: 1_000 } } },
    ],
  ])('%s: makes progress in each attempt, and pays for nothing twice', { timeout }, async (name, event) => {
    const { counts, left, processed } = await attemptAll(name, event);

    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(processed).toBe(event.keys * event.outputs - left);
  });

  it.each<[string, LargeEvent]>([
    [
      '200 outputs, attempts of 8 s, a new instance each',
      { outputs, keys: 1, timeoutMs: attempt, isCold: true },
    ],
    [
      'the same with a size to be asked for, a new instance each',
      { outputs, keys: 1, timeoutMs: attempt, match: { size: { max: 1_000 } }, isCold: true },
    ],
    [
      'the same with refresh: missing, a new instance each',
      { outputs, keys: 1, timeoutMs: attempt, output: { refresh: 'missing' }, isCold: true },
    ],
    [
      'refresh: missing, 400 outputs of which 320 are there, a new instance each',
      {
        outputs: outputs * 2,
        existing: Math.floor(outputs * 1.6),
        keys: 1,
        timeoutMs: attempt,
        output: { refresh: 'missing' },
        isCold: true,
      },
    ],
  ])('%s: makes outputs that the first attempt has not made', { timeout }, async (name, event) => {
    const { counts, left } = await attemptAll(name, event);

    expect(event.keys * event.outputs - (event.existing ?? 0) - left).toBeGreaterThan(counts[0] ?? 0);
  });
});
