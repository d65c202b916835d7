import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inventorySource } from '../../src/backfill/inventory.ts';
import { Journal, noCounts } from '../../src/backfill/journal.ts';
import { runTasks } from '../../src/backfill/run-tasks.ts';
import type { TaskClient } from '../../src/backfill/task-client.ts';
import { FailureStreak } from '../../src/backfill/work-through.ts';
import { functionPrice, mainland } from '../../src/cli/price.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { digestOfRules } from '../../src/rules/digest.ts';

export interface Scenario {
  objects: number;
  /** The function of src/deploy/s.backfill.yaml has these. */
  instances: number;
  callsAtOnce: number;
  secondsPerCall: number;
  /** The account's quota for image processing, and the part of it that uploads take meanwhile. */
  quotaPerSecond: number;
  uploadsPerSecond: number;
}

export interface Simulation {
  days: number;
  tasks: number;
  callsPerSecond: number;
  /** The share of calls, uploads' included, beyond the quota: OSS answers 503, and they are repeated. */
  shareOverQuota: number;
  largestPayloadBytes: number;
  mostTasksAhead: number;
  apiRequests: number;
  functionCny: number;
  processorSeconds: number;
  residentMb: number;
}

const rulesText = `rules:
  - name: thumbnail
    match: { key: "uploads/**/*.{jpg,jpeg,png,webp}", bucket: photos }
    outputs:
      - style: image/resize,m_lfit,w_{w}/format,webp
        vary: { w: [320, 1280] }
        target: { key: "derived/{dir}/{base}-{w}.webp" }
`;

const rowsPerFile = 100_000;

/**
 * Runs `backfill --via function` over an inventory, against a Function Compute that is simulated: its
 * instances take the tasks in turn, and time passes when the backfill waits. All else is the real code: the
 * files of the inventory, the planner, the batches and the journal.
 */
export async function simulate(scenario: Scenario): Promise<Simulation> {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-simulation-'));
  const compiled = compileRules(rulesText, 'rules.yaml');
  if (!compiled.ok) {
    throw new Error('the rules are wrong');
  }
  const startedCpu = process.cpuUsage();
  const cloud = createCloud(scenario);
  const journal = new Journal(dir, {
    startedAt: '2026-11-26T00:00:00.000Z',
    rules: '',
    input: '',
    expectedSelected: scenario.objects,
    counts: noCounts,
    failuresBytes: 0,
  });
  try {
    await runTasks({
      source: await inventorySource(await writeInventory(dir, scenario.objects), () => Promise.reject()),
      ruleSet: compiled.ruleSet,
      rulesDigest: digestOfRules(compiled.ruleSet.rules),
      filter: {},
      journal,
      streak: new FailureStreak(),
      client: cloud.client,
      onlyMissing: false,
      stop: new AbortController().signal,
      sleep: cloud.sleep,
    });
    const { user, system } = process.cpuUsage(startedCpu);
    const residentMb = process.memoryUsage.rss() / 1_048_576;
    return { ...cloud.result(), processorSeconds: (user + system) / 1e6, residentMb };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Function Compute in the time that `sleep` makes pass. */
function createCloud(scenario: Scenario) {
  const { instances, callsAtOnce, secondsPerCall } = scenario;
  let nowMs = 0;
  const freeAtMs = Array.from({ length: instances }, () => 0);
  const endsAtMs = new Map<string, number>();
  /** Calls in each tenth of a second. */
  const loads: number[] = [];
  const result = {
    tasks: 0,
    calls: 0,
    largestPayloadBytes: 0,
    mostTasksAhead: 0,
    apiRequests: 0,
    functionCny: 0,
  };
  const random = createUniform();

  function run(payload: string): number {
    const calls = JSON.parse(payload).objects.length * 2;
    const instance = freeAtMs.indexOf(Math.min(...freeAtMs));
    let timeMs = Math.max(nowMs, freeAtMs[instance] ?? 0);
    for (let made = 0; made < calls; made += callsAtOnce) {
      const inParallel = Math.min(callsAtOnce, calls - made);
      const tenth = Math.floor(timeMs / 100);
      loads[tenth] = (loads[tenth] ?? 0) + inParallel;
      timeMs += secondsPerCall * 1_000 * (0.5 + random());
    }
    freeAtMs[instance] = timeMs;
    result.calls += calls;
    result.functionCny += functionPrice(mainland, calls, { callsAtOnce, secondsPerCall });
    return timeMs;
  }
  const client: TaskClient = {
    async submit(taskId, payload) {
      result.apiRequests += 1;
      result.tasks += 1;
      result.largestPayloadBytes = Math.max(result.largestPayloadBytes, Buffer.byteLength(payload));
      endsAtMs.set(taskId, run(payload));
      result.mostTasksAhead = Math.max(result.mostTasksAhead, endsAtMs.size);
      return true;
    },
    async list(_, status) {
      const active = [...endsAtMs].flatMap(([taskId, endMs]) =>
        status === 'Running' && endMs > nowMs ? [taskId] : [],
      );
      result.apiRequests += Math.max(1, Math.ceil(active.length / 100));
      return active;
    },
    async find(taskId) {
      result.apiRequests += 1;
      endsAtMs.delete(taskId);
      return { status: 'Succeeded' };
    },
    stop: async () => true,
  };
  return {
    client,
    sleep: async (delayMs: number) => {
      nowMs += delayMs;
    },
    result() {
      const { calls, ...others } = result;
      const seconds = Math.max(...freeAtMs) / 1_000;
      return {
        ...others,
        days: seconds / 86_400,
        callsPerSecond: calls / seconds,
        shareOverQuota: shareOver(loads, scenario, random),
      };
    },
  };
}

/** With uploads among the calls, and a quota that lets through as many at once as in a second. */
function shareOver(
  loads: readonly number[],
  { quotaPerSecond, uploadsPerSecond }: Scenario,
  random: () => number,
) {
  let [tokens, all, over] = [quotaPerSecond, 0, 0];
  for (const load of loads) {
    const calls = (load ?? 0) + poisson(uploadsPerSecond / 10, random);
    tokens = Math.min(quotaPerSecond, tokens + quotaPerSecond / 10);
    over += Math.max(0, calls - tokens);
    tokens = Math.max(0, tokens - calls);
    all += calls;
  }
  return over / all;
}

/** An inventory of photographs, a hundred thousand a file, as OSS lays it out. */
async function writeInventory(dir: string, objects: number): Promise<string> {
  await mkdir(join(dir, 'data'));
  await mkdir(join(dir, '2026-11-26T00-00Z'));
  const files = [];
  for (let first = 0; first < objects; first += rowsPerFile) {
    const count = Math.min(rowsPerFile, objects - first);
    const rows = Array.from({ length: count }, (_, i) => rowOf(first + i));
    const content = gzipSync(rows.join(''), { level: 1 });
    const key = `data/${first}.csv.gz`;
    await writeFile(join(dir, key), content);
    files.push({ key, MD5checksum: createHash('md5').update(content).digest('hex') });
  }
  const fileSchema = 'Bucket, Key, Size, StorageClass, LastModifiedDate, ETag';
  const manifest = join(dir, '2026-11-26T00-00Z', 'manifest.json');
  await writeFile(manifest, JSON.stringify({ sourceBucket: 'photos', fileFormat: 'CSV', fileSchema, files }));
  return manifest;
}

function rowOf(number: number): string {
  const name = String(number).padStart(9, '0');
  const key = `uploads%2F2026%2F${name.slice(0, 3)}%2F${name.slice(3, 6)}%2FIMG_${name}.jpg`;
  return `photos,${key},2000000,Standard,2026-01-31T18:00:00Z,5D41402ABC4B2A76B9719D911017C592\n`;
}

function createUniform(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** How many there are this time, of something of which there are so many on the average. */
function poisson(mean: number, random: () => number): number {
  let count = 0;
  for (let product = random(); product > Math.exp(-mean); product *= random()) {
    count += 1;
  }
  return count;
}
