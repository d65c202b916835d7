import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { createRandom } from '../faults/random.ts';
import { isBroken, numberOf, type StubOss, startStubOss } from './stub-oss.ts';

const keys = Number(process.env.BACKFILL_KEYS ?? 2_000);
const kills = Number(process.env.BACKFILL_KILLS ?? 2);
const timeoutMs = 60_000 + keys;

/** At most this many calls may be under way at once. */
const maxConcurrency = 256;

const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.jpg", bucket: photos }
    outputs: [{ style: "image/resize,w_100", target: { key: "small/{name}.webp" } }]
`;

interface Sample {
  seconds: number;
  calls: number;
  residentMb: number;
}

it(
  `a backfill makes each of ${keys} outputs, whatever moment it is killed at`,
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-backfill-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await writeFile(join(dir, 'rules.yaml'), rulesText);
    // It lies below the project, so that it finds the project's packages.
    const program = `build/soak-backfill-${process.pid}.mjs`;
    onTestFinished(() => rm(program, { force: true }));
    await build({
      entryPoints: ['src/cli/bin.ts'],
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      outfile: program,
      logLevel: 'error',
    });
    const oss = await startStubOss(keys);
    onTestFinished(() => oss.close());
    const start = () => startBackfill(program, dir, oss.url);
    const random = createRandom(Number(process.env.BACKFILL_SEED ?? 1));
    const points = Array.from({ length: kills }, () => Math.ceil(random() * keys * 0.98)).sort(
      (a, b) => a - b,
    );
    const samples: Sample[] = [];
    const startedAt = performance.now();
    let backfill = start();
    const timer = setInterval(() => sample(), 1_000);
    onTestFinished(() => {
      clearInterval(timer);
      backfill.child.kill('SIGKILL');
    });
    function sample(): void {
      const residentMb = residentOf(backfill.child);
      if (residentMb !== undefined) {
        samples.push({ seconds: (performance.now() - startedAt) / 1_000, calls: oss.total, residentMb });
      }
    }
    let underWay = 0;

    for (const point of points) {
      if (oss.total < point) {
        const { ended, written } = backfill;
        const early = ended.then(() => `The backfill ended before call ${point}: ${written.err}`);
        expect(await Promise.race([oss.reached(point), early])).toBeUndefined();
      }
      backfill.child.kill('SIGKILL');
      await backfill.ended;
      await oss.deserted();
      const found = await markDone(dir, oss);
      expect(found).toBeLessThanOrEqual(maxConcurrency);
      underWay += found;
      backfill = start();
    }
    const exitCode = await backfill.ended;
    print(samples, performance.now() - startedAt, { kills, underWay });

    const broken = Array.from({ length: keys }, (_, i) => i).filter(isBroken);
    expect(exitCode, backfill.written.err).toBe(1);
    const [objects, saved, failed] = [keys, keys - broken.length, broken.length].map((count) =>
      count.toLocaleString('en'),
    );
    expect(backfill.written.out).toContain(`${objects} objects: ${saved} saved, ${failed} failed. Finished.`);
    expect(oss.calls.every((calls) => calls >= 1)).toBe(true);
    expect(oss.callsForDone).toBe(0);
    expect(oss.total - keys).toBeLessThanOrEqual(underWay);
    const failures = (await readLines(dir, 'failures.jsonl')).map((line) =>
      numberOf(JSON.parse(line).source.slice(13)),
    );
    expect(failures.sort((a, b) => a - b)).toEqual(broken);
    const peakMb = (from: number, to: number) =>
      Math.max(...samples.slice(from, to).map(({ residentMb }) => residentMb));
    if (samples.length > 60) {
      const half = Math.floor(samples.length / 2);
      expect(peakMb(half, samples.length)).toBeLessThan(peakMb(10, half) * 1.3);
    }
  },
  timeoutMs,
);

/** Starts the command; `ended` resolves to its exit code, null where it was killed. */
function startBackfill(program: string, dir: string, url: string) {
  const child = spawn(
    process.execPath,
    [program, 'backfill', '--rate', '100000', '--yes', '--rules', join(dir, 'rules.yaml')],
    {
      env: {
        OSS_REGION: 'cn-hangzhou',
        OSS_ENDPOINT: url,
        OSS_ACCESS_KEY_ID: 'local',
        OSS_ACCESS_KEY_SECRET: 'local-secret',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    written.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    written.err += chunk;
  });
  const ended: Promise<number | null> = once(child, 'close').then(([exitCode]) => exitCode);
  return { child, written, ended };
}

/** Marks in the stub what the journal says is done; resolves to the number of calls unknown to it. */
async function markDone(dir: string, oss: StubOss): Promise<number> {
  const [first = '{}', ...lines] = await readLines(dir, 'journal.jsonl').catch(() => []);
  const { position } = JSON.parse(first);
  const through = position === undefined ? -1 : numberOf(position.after);
  oss.done.fill(1, 0, through + 1);
  const failures = await readLines(dir, 'failures.jsonl').catch(() => []);
  for (const line of [...lines, ...failures]) {
    oss.done[numberOf(JSON.parse(line).source.slice('oss://photos/'.length))] = 1;
  }
  return oss.calls.reduce((count, calls, number) => count + Number(calls > 0 && oss.done[number] === 0), 0);
}

/** The lines of a file of the one journal that are whole. */
async function readLines(dir: string, name: string): Promise<string[]> {
  const [folder = ''] = await readdir(join(dir, '.backfill'));
  return readFileSync(join(dir, '.backfill', folder, name), 'utf8')
    .split('\n')
    .slice(0, -1);
}

function residentOf({ pid }: ChildProcess): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
  } catch {
    return undefined; // It has just ended.
  }
}

function print(
  samples: readonly Sample[],
  elapsedMs: number,
  { kills, underWay }: { kills: number; underWay: number },
): void {
  const rows = Array.from({ length: 11 }, (_, i) => samples[Math.floor(((samples.length - 1) * i) / 10)]);
  const lines = rows.map(
    (row) => row && `${row.seconds.toFixed(0)} s: ${row.calls} calls, ${row.residentMb.toFixed(0)} MB`,
  );
  const rate = (keys / elapsedMs) * 1_000;
  console.log(
    `${keys} keys in ${(elapsedMs / 1_000).toFixed(0)} s (${rate.toFixed(0)}/s), ` +
      `${kills} kills, ${underWay} calls under way at them`,
  );
  console.log([...new Set(lines)].join('\n'));
}
