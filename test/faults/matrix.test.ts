import { afterAll, describe, expect, it } from 'vitest';
import { type FaultName, faultNames } from '../../src/local/oss/faults/kinds.ts';
import type { FaultRule } from '../../src/local/oss/faults/plan.ts';
import { formatTable } from '../table.ts';
import { type Ended, startWorkbench } from './workbench.ts';

/** Not tried again at once: of which kind, and under which code it is reported. `skew` heals in one attempt; all others are transient. */
const settled: Partial<Record<FaultName, { kind: string; code: string }>> = {
  AccessDenied: { kind: 'transient', code: 'AccessDenied' },
  SecurityTokenExpired: { kind: 'transient', code: 'SecurityTokenExpired' },
  ImageTooLarge: { kind: 'permanent', code: 'ImageTooLarge' },
  WrongJson: { kind: 'transient', code: 'UnexpectedAnswer' },
  OtherObject: { kind: 'transient', code: 'UnexpectedTarget' },
};
const skews: readonly FaultName[] = ['RequestTimeTooSkewed', 'InvalidSigningDate'];

interface Phase {
  name: string;
  outputs: number;
  /** How many requests meet the fault; all when absent. */
  count?: number;
  timeoutMs?: number;
  /** Results and requests, by the fault's nature. */
  transient: [saved: number, calls: number];
  settled: [saved: number, calls: number];
  skewed: [saved: number, calls: number];
}

const phases: readonly Phase[] = [
  { name: 'first try', outputs: 1, count: 1, transient: [1, 2], settled: [0, 1], skewed: [1, 2] },
  { name: 'and the retry', outputs: 1, count: 2, transient: [1, 3], settled: [0, 1], skewed: [1, 2] },
  { name: 'every try', outputs: 1, transient: [0, 3], settled: [0, 1], skewed: [1, 2] },
  { name: 'two of four', outputs: 4, count: 2, transient: [4, 6], settled: [2, 4], skewed: [4, 8] },
];

const rulesOf = (outputs: number) => ({
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [
        {
          style: 'image/resize,w_{w}',
          vary: { w: Array.from({ length: outputs }, (_, i) => i + 1) },
          target: { key: 'derived/{name}-{w}' },
        },
      ],
    },
  ],
});

const rows: string[][] = [];
afterAll(() => {
  const headings = ['fault', 'phase', 'outputs', 'outcome', 'calls', 'time', 'next invocation'];
  const names: readonly string[] = faultNames;
  const place = ([name = '']: string[]) => names.indexOf(name);
  console.log(
    formatTable(
      headings,
      rows.toSorted((a, b) => place(a) - place(b)),
    ),
  );
});

const ruleOf = (fault: FaultName, count?: number): FaultRule => ({
  fault,
  operation: 'ProcessObject',
  // A clock is wrong for every request, not for the first ones.
  ...(count !== undefined && !skews.includes(fault) && { count }),
});

function describeOutcome({ report }: Ended): string {
  const failures = report.results.filter((result) => result.status === 'failed');
  const kinds = [...new Set(failures.map(({ kind, code }) => `${kind} ${code}`))].sort().join(', ');
  const counts = [
    report.saved > 0 && `${report.saved} saved`,
    failures.length > 0 && `${failures.length} failed`,
  ];
  return `${counts.filter(Boolean).join(', ')}${kinds && `: ${kinds}`}`;
}

type Workbench = Awaited<ReturnType<typeof startWorkbench>>;

/** Every target exists and is right, or the error that the platform gets names it. */
async function expectNothingLost(
  { read }: Workbench,
  { report, error }: Ended,
  outputs: number,
): Promise<void> {
  expect(report.results).toHaveLength(outputs);
  for (const [i, result] of report.results.entries()) {
    if (result.status === 'saved') {
      expect(await read(`derived/a-${i + 1}`)).toBe(`image/resize,w_${i + 1}(pixels)`);
    } else {
      expect(error?.message).toContain(`-> oss://photos/derived/a-${i + 1} (rule thumbnail)`);
    }
  }
}

async function play(
  fault: FaultName,
  phase: Pick<Phase, 'name' | 'outputs'>,
  options: object,
  count?: number,
) {
  const workbench = await startWorkbench({ rules: rulesOf(phase.outputs), ...options });
  const event = await workbench.upload('uploads/a', 'pixels');
  await workbench.setFaults({ rules: [ruleOf(fault, count)] });

  const ended = await workbench.invoke(event);

  await expectNothingLost(workbench, ended, phase.outputs);
  await workbench.setFaults({});
  Object.assign(workbench.setting, { latencyMs: 0, timeoutMs: 60_000 });
  const next = await workbench.invoke(event);
  await expectNothingLost(workbench, next, phase.outputs);
  const time = `${Math.round(ended.elapsedMs)} ms`;
  const numbers = [String(phase.outputs), describeOutcome(ended), String(ended.calls), time];
  rows.push([fault, phase.name, ...numbers, describeOutcome(next)]);
  expect(next.report.failed).toBe(0);
  return ended;
}

describe.each(faultNames)('%s', (fault) => {
  const nature = fault in settled ? 'settled' : skews.includes(fault) ? 'skewed' : 'transient';

  it.each(phases)(`${fault}, met by $name, ends as promised`, async (phase) => {
    const [saved, calls] = phase[nature];

    const isSilent = fault === 'HalfOpen' || fault === 'SlowAnswer';
    const ended = await play(fault, phase, isSilent ? { attemptTimeoutMs: 400 } : {}, phase.count);

    expect([ended.report.saved, ended.calls]).toEqual([saved, calls]);
    const kind = settled[fault] ?? { kind: 'transient' };
    for (const result of ended.report.results) {
      if (result.status === 'failed') {
        expect(result).toMatchObject(kind);
      }
    }
  });
});

describe('the deadline', () => {
  it('the deadline is met with everything reported, whatever else goes wrong', async () => {
    const timeoutMs = 4_000;
    const phase = { name: 'the deadline', outputs: 8 };
    const slow = { timeoutMs, concurrency: 2, latencyMs: 1_000, waits: true };

    const all = await Promise.all(faultNames.map((fault) => play(fault, phase, slow)));

    for (const { elapsedMs, calls, report, error } of all) {
      expect(elapsedMs).toBeLessThan(timeoutMs);
      expect(calls).toBeLessThanOrEqual(8);
      expect(report.results.at(-1)).toMatchObject({ kind: 'transient', code: 'Deadline', attempts: 0 });
      expect(error?.message).toContain('to be tried again');
    }
    const silent = all[faultNames.indexOf('HalfOpen')];
    expect(silent?.report.results).toEqual(Array(8).fill(expect.objectContaining({ code: 'Deadline' })));
  });
});

describe('a dead peer', () => {
  it('a dead peer costs an attempt its time, and no later call its connection', async () => {
    const { upload, setFaults, invoke } = await startWorkbench({ rules: rulesOf(4), attemptTimeoutMs: 300 });
    const event = await upload('uploads/a', 'pixels');
    const ends = [];

    for (let round = 0; round < 8; round += 1) {
      await setFaults({ rules: [{ fault: 'HalfOpen', count: 4 }] });
      ends.push(await invoke(event));
    }

    // 32 connections have died, twice as many as the pool may hold.
    expect(ends.map(({ report }) => report.saved)).toEqual(Array(8).fill(4));
  });

  it('a dead peer that refuses connections is reported as such, to be tried again', async () => {
    const { oss, upload, invoke } = await startWorkbench({ rules: rulesOf(2) });
    const event = await upload('uploads/a', 'pixels');
    await oss.close();

    const { report, calls } = await invoke(event);

    const failed = { status: 'failed', kind: 'transient', code: 'ECONNREFUSED', attempts: 3 };
    expect(report.results).toMatchObject([failed, failed]);
    expect(calls).toBe(6);
  });
});
