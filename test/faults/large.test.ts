import { describe, expect, it } from 'vitest';
import { type Ended, startWorkbench } from './workbench.ts';

const rulesOf = (count: number, more: { match?: object; output?: object } = {}) => ({
  rules: [
    {
      name: 'many',
      match: { key: 'uploads/**', ...more.match },
      outputs: [
        {
          style: 'image/resize,w_{w}',
          vary: { w: Array.from({ length: count }, (_, i) => i + 1) },
          target: { key: 'derived/{name}-{w}' },
          ...more.output,
        },
      ],
    },
  ],
});

/** Time for a part of the outputs only, and enough kept free for a busy machine. */
const tight = { timeoutMs: 4_000, concurrency: 2, latencyMs: 200, waits: true };

/** Attempts until nothing fails, at most so many. */
async function repeat(attempt: () => Promise<Ended>, most: number): Promise<Ended[]> {
  const ends: Ended[] = [];
  do {
    ends.push(await attempt());
  } while (ends.at(-1)?.error !== undefined && ends.length < most);
  return ends;
}

const savedIn = ({ report }: Ended) =>
  report.results.flatMap((result) => (result.status === 'saved' ? [result.target.key] : []));

describe('an event of more outputs than one invocation has time for', () => {
  it('an event of more outputs than one invocation has time for makes progress in each attempt of a warm instance, ends, and pays for no output twice', async () => {
    const { upload, invoke, credentials } = await startWorkbench({
      ...tight,
      rules: rulesOf(100),
      random: Math.random,
    });
    const event = await upload('uploads/a', 'pixels');

    const ends = await repeat(() => invoke(event, credentials, 'FC-same'), 60);

    const saved = ends.map(savedIn);
    expect(ends.length).toBeGreaterThan(2);
    expect(Math.min(...saved.map(({ length }) => length))).toBeGreaterThan(0);
    expect(ends.at(-1)?.error).toBeUndefined();
    expect(new Set(saved.flat()).size).toBe(100);
    expect(saved.flat()).toHaveLength(100);
    expect(ends.flatMap(({ elapsedMs }) => (elapsedMs < tight.timeoutMs ? [] : [elapsedMs]))).toEqual([]);
  }, 120_000);

  it('an invocation processes objects in the first attempt although all of them have to be asked for their size', async () => {
    const rules = rulesOf(1, { match: { size: { max: 1_000 } } });
    const { oss, invoke } = await startWorkbench({ ...tight, rules });
    const keys = Array.from({ length: 200 }, (_, i) => `uploads/${i}`);
    await Promise.all(keys.map((key) => oss.call({ method: 'PUT', bucket: 'photos', key, body: 'pixels' })));

    const { report, error } = await invoke({ bucket: 'photos', keys });

    expect(report.saved).toBeGreaterThan(0);
    expect(report.saved + report.failed).toBe(200);
    expect(error?.message).toContain('transient Deadline oss://photos/uploads/');
  }, 60_000);
});
