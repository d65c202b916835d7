/*
 * How far events get that are too large for one invocation, in the four attempts that Function Compute makes. `npm run
 * large` takes the sizes and times of docs/performance.md; `npm test` a tenth of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunningOss } from '../local/oss/running-oss.ts';
import { formatTable } from '../table.ts';
import { describeImage, startWorkbench } from './workbench.ts';

const isLong = process.env.LARGE === 'long';
/** The size that is measured, or the one that `npm test` has time for. */
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
  let processed = 0;
  const { oss, invoke, credentials } = await startWorkbench({
    ...{ rules: { rules: [rule] }, timeoutMs, concurrency: 2 },
    ...{ latencyMs: headMs, waits: true, random: Math.random },
    oss: {
      processImage: async (request) => {
        processed += 1;
        await pause(processMs - headMs);
        return describeImage(request);
      },
    },
  });
  const put = (key: string) => oss.call({ method: 'PUT', bucket: 'photos', key, body: 'pixels' });
  const names = Array.from({ length: keys }, (_, i) => `uploads/${i}`);
  await Promise.all(names.map(put));
  await Promise.all(Array.from({ length: existing }, (_, i) => put(`derived/0-${i + 1}`)));
  const saved: number[] = [];
  let [calls, isDone] = [0, false];
  while (saved.length < maxAttempts && !isDone) {
    const id = isCold ? `FC-${saved.length}` : 'FC';
    const ended = await invoke({ bucket: 'photos', keys: names }, credentials, id);
    saved.push(ended.report.saved);
    calls += ended.calls;
    isDone = ended.error === undefined;
  }
  await pause(processMs); // Calls that the last deadline cut off save all the same.
  const made = (await countTargets(oss)) - existing;
  const left = keys * outputs - existing - made;
  rows.push([name, saved.join(' + '), `${left}`, `${processed}`, `${calls - processed}`]);
  return { saved, made, processed };
}

async function countTargets({ call }: Pick<RunningOss, 'call'>): Promise<number> {
  const keys: string[] = [];
  for (let isAll = false; !isAll; ) {
    const query = {
      'list-type': '2',
      prefix: 'derived/',
      'max-keys': '1000',
      'start-after': keys.at(-1) ?? '',
    };
    const { text } = await call({ method: 'GET', bucket: 'photos', query });
    const page = [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key = '']) => key);
    keys.push(...page);
    isAll = page.length < 1_000;
  }
  return keys.length;
}

/** Calls that deadlines cut off are paid, and made again by whoever does not know that they came to their end. */
const cutOffMost = 2 * maxAttempts;

const attempt = size(8_000, 1_600);
const outputs = size(200, 16);
const manyKeys = { keys: size(1_300, 20), timeoutMs: size(60_000, 1_600) };
const existing = size(320, 16);

/** The title of an event says the sizes that are played. */
const attemptsOf = (timeoutMs: number) => `attempts of ${timeoutMs / 1_000} s`;
const many = `${outputs} outputs, ${attemptsOf(attempt)}`;
const keysOnce = `${manyKeys.keys.toLocaleString('en')} keys, ${attemptsOf(manyKeys.timeoutMs)}`;
const sized = { match: { size: { max: 1_000 } } };

describe('an event that is too large for one invocation', () => {
  const timeout = size(600_000, 60_000);

  it.each<[string, LargeEvent]>([
    [`${many}, one instance`, { outputs, keys: 1, timeoutMs: attempt }],
    [`${many}, one instance, a size to be asked for`, { outputs, keys: 1, timeoutMs: attempt, ...sized }],
    [`${keysOnce}, one instance, a size to be asked for`, { outputs: 1, ...manyKeys, ...sized }],
  ])(
    'an event too large for one invocation makes progress in each attempt, and pays for nothing twice: %s',
    { timeout },
    async (name, event) => {
      const { saved, made, processed } = await attemptAll(name, event);

      expect(Math.min(...saved)).toBeGreaterThan(0);
      expect(processed - made).toBeLessThanOrEqual(cutOffMost);
    },
  );

  it.each<[string, LargeEvent]>([
    [`${many}, a new instance each`, { outputs, keys: 1, timeoutMs: attempt, isCold: true }],
    [
      `${many}, a new instance each, a size to be asked for`,
      { outputs, keys: 1, timeoutMs: attempt, ...sized, isCold: true },
    ],
    [
      `${many}, a new instance each, refresh: missing`,
      { outputs, keys: 1, timeoutMs: attempt, output: { refresh: 'missing' }, isCold: true },
    ],
    [
      `${outputs * 2} outputs of which ${existing} are there, ${attemptsOf(attempt)}, a new instance each, refresh: missing`,
      {
        ...{ outputs: outputs * 2, existing, keys: 1, timeoutMs: attempt },
        ...{ output: { refresh: 'missing' }, isCold: true },
      },
    ],
  ])(
    'an event too large for one invocation makes outputs that its first attempt has not made: %s',
    { timeout },
    async (name, event) => {
      const { saved, made } = await attemptAll(name, event);

      expect(made).toBeGreaterThan((saved[0] ?? 0) + 2);
    },
  );
});
