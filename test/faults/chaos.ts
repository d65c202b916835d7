import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../../src/json.ts';
import type { ImageRequest } from '../../src/local/image/contract.ts';
import type { OssEventRecord } from '../../src/local/oss/events.ts';
import { faultNames } from '../../src/local/oss/faults/kinds.ts';
import type { FaultRule } from '../../src/local/oss/faults/plan.ts';
import { OssServiceError } from '../../src/oss/errors.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { guardedRuleSetOf } from '../rules/rule-sets.ts';
import { type BuiltFunction, type Cloud, startCloud } from './cloud.ts';
import { createRandom, pick, shuffle } from './random.ts';

/** Wraps the function: one invocation in twenty dies in its first 50 ms. By event and attempt, so that a seed repeats it. */
export const killingFunction = `
const { appendFileSync, statSync } = require('node:fs');
const { createHash } = require('node:crypto');
const { handler } = require('./function.js');
exports.handler = (event, context) => {
  const objects = JSON.parse(event).events.map(({ oss }) => [oss.object.key, oss.object.eTag]);
  const id = createHash('sha1').update(JSON.stringify(objects)).digest('hex');
  const file = process.env.CHAOS_DIR + '/' + id;
  appendFileSync(file, '.');
  const draw = createHash('sha1').update([process.env.CHAOS_SEED, id, statSync(file).size].join()).digest();
  if (draw[0] < 256 / 20) setTimeout(() => process.kill(process.pid, 'SIGKILL'), draw[1] / 5);
  return handler(event, context);
};
`;

const widths = [1, 2];
const targetOf = (key: string, width: number) => `derived/${key}-${width}`;

/** Every object matches, so that only the guard keeps the function from its own outputs. */
const rules = {
  rules: [
    {
      name: 'thumbnail',
      match: { key: '**' },
      outputs: [
        {
          style: 'image/resize,w_{w}',
          vary: { w: widths },
          target: { key: 'derived/{key}-{w}' },
          checkSource: true,
        },
      ],
    },
  ],
};

/** Tells what it was made from, in few bytes. */
async function fingerprint({ readSource, style }: ImageRequest) {
  return { body: Buffer.from(expected(style, await readSource())), contentType: 'text/plain' };
}

const expected = (style: string, source: Buffer) =>
  `${style} of ${createHash('sha1').update(source).digest('hex')}`;

/** A fifth of all calls meets one of the faults; what lies in one folder is refused for good. */
function faultRules(): FaultRule[] {
  const share = 0.2 / faultNames.length;
  const rare = faultNames.map((fault) => ({
    fault,
    // A dead peer costs the rest of the invocation.
    probability: fault === 'HalfOpen' ? share / 5 : share,
    delayMs: 200,
  }));
  // Counts calls for our own outputs. What OtherObject saves elsewhere has no output's name, and is taken as an upload.
  const own = { key: 'derived/**-[12]', fault: 'InternalError' } as const;
  return [
    { ...own, operation: 'ProcessObject' },
    { ...own, operation: 'HeadObject' },
    { fault: 'AccessDenied', operation: 'ProcessObject', key: 'uploads/refused/**' },
    ...rare.map((rule) => ({ ...rule, operation: 'ProcessObject' })),
    ...rare
      .filter(({ fault }) => fault !== 'WrongJson' && fault !== 'OtherObject')
      .map((rule) => ({ ...rule, operation: 'HeadObject' })),
  ];
}

interface Chaos {
  /** Different source objects. */
  sources: number;
  events: number;
  invocations: number;
  killed: number;
  faults: number;
  /** Targets that are right; that a dead letter names instead; that are neither. */
  right: number;
  named: number;
  lost: string[];
  /** Wrong or stale targets that nobody is told of. */
  wrong: string[];
  deadLetters: number;
  callsForOwnOutputs: number;
  ownOutputsSkipped: number;
  /** Targets that are not right after the dead letters were replayed without faults. */
  missingAfterReplay: string[];
}

/** Uploads, breaks everything at once, and takes stock. */
export async function runChaos(built: BuiltFunction, uploads: number, seed: number): Promise<Chaos> {
  // The random numbers of deliveries are apart: when outputs raise their events is no part of what repeats.
  const deliveryRandom = createRandom(seed + 1);
  const chaosDir = join(built.dir, `chaos-${seed}`);
  mkdirSync(chaosDir);
  let events = 0;
  let held: OssEventRecord[] = [];
  const deliver = (enqueue: (event: unknown) => void) => {
    for (const record of shuffle(held, deliveryRandom)) {
      for (let copies = deliveryRandom() < 0.1 ? 2 : 1; copies > 0; copies -= 1) {
        enqueue({ events: [record] });
        events += 1;
      }
    }
    held = [];
  };
  const cloud = await startCloud(built, {
    ruleSet: guardedRuleSetOf(rules, 'derived/**-[12]'),
    maxInstances: 4,
    timeoutMs: 4_000,
    retryDelaysMs: [50, 100, 200],
    environment: { CHAOS_DIR: chaosDir, CHAOS_SEED: `${seed}` },
    processImage: fingerprint,
    faults: { seed, rules: faultRules() },
    onObjectEvent: (record, enqueue) => {
      // A loop would never end: it is cut short, and its calls tell.
      if (events > uploads * 10) {
        return;
      }
      held.push(record);
      if (held.length >= 16) {
        deliver(enqueue);
      }
    },
  });
  try {
    const keys = await uploadAll(cloud, uploads, createRandom(seed));
    // An event that an output of ours raised may still be held, and raises nothing further.
    for (let left = true; left; left = held.length > 0) {
      deliver((event) => cloud.functionCompute.enqueue(event));
      await cloud.functionCompute.idle();
    }
    const stock = await takeStock(cloud, keys);
    const missingAfterReplay = await replay(cloud, keys);
    return { sources: keys.length, events, ...countEvents(cloud), ...stock, missingAfterReplay };
  } finally {
    await cloud.close();
  }
}

/** Mixed sizes, hostile names, and one in six the next version of an object that is there. */
async function uploadAll({ client }: Cloud, count: number, random: () => number): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const folder = random() < 0.02 ? 'refused' : `${i}`;
    const fresh = Buffer.from(`uploads/${folder}/${i}/${pick(hostileKeys, random)}`).subarray(0, 1_023);
    // A character that the cut went through is left out; such a key is too long for its targets.
    const key =
      keys.length > 0 && random() < 1 / 6
        ? pick(keys, random)
        : new TextDecoder().decode(fresh).replace(/\uFFFD$/, '');
    if (!keys.includes(key)) {
      keys.push(key);
    }
    const body = Buffer.alloc(Math.ceil(10 ** (random() * 5)), `${i};`);
    await client.putObject({ bucket: 'photos', key, body: Buffer.concat([Buffer.from(`${i}:`), body]) });
  }
  return keys;
}

async function read({ client }: Cloud, key: string): Promise<Buffer | undefined> {
  try {
    return (await client.getObject({ bucket: 'photos', key })).body;
  } catch (error) {
    if (error instanceof OssServiceError && error.statusCode === 404) {
      return undefined;
    }
    throw error;
  }
}

/** The targets of `keys`, by what became of them. */
async function* targets(cloud: Cloud, keys: readonly string[]) {
  for (const key of keys) {
    const source = (await read(cloud, key)) ?? Buffer.alloc(0);
    for (const width of widths) {
      const target = targetOf(key, width);
      const isPossible = Buffer.byteLength(target) <= 1_023;
      const content = isPossible ? (await read(cloud, target))?.toString() : undefined;
      const isRight = content === expected(`image/resize,w_${width}`, source);
      yield { key, target, isPossible, isThere: content !== undefined, isRight };
    }
  }
}

async function takeStock(cloud: Cloud, keys: readonly string[]) {
  const letters = readLetters(cloud);
  const [lost, wrong]: [string[], string[]] = [[], []];
  const stock = { right: 0, named: 0, lost, wrong, deadLetters: letters.length };
  for await (const { key, target, isThere, isRight } of targets(cloud, keys)) {
    if (isRight) {
      stock.right += 1;
    } else if (letters.some((letter) => letter.key === key && names(letter, target))) {
      stock.named += 1;
    } else {
      (isThere ? wrong : lost).push(target);
    }
  }
  return stock;
}

interface Letter {
  key: string;
  event: unknown;
  errorMessage: string;
}

/** A killed process can say nothing; its event still names the source. */
function names({ errorMessage }: Letter, target: string): boolean {
  return (
    errorMessage.startsWith('Process exited') || errorMessage.includes(`-> oss://photos/${target} (rule`)
  );
}

function readLetters({ deadLetterDir }: Cloud): Letter[] {
  return readdirSync(deadLetterDir).map((file) => {
    const letter: unknown = JSON.parse(readFileSync(join(deadLetterDir, file), 'utf8'));
    if (!isJsonObject(letter) || !isJsonObject(letter.error)) {
      throw new Error(`${file} is no dead letter`);
    }
    const { event } = letter;
    return { key: keyOf(event), event, errorMessage: String(letter.error.errorMessage) };
  });
}

function keyOf(event: unknown): string {
  const text = JSON.stringify(event);
  const parsed: { events: { oss: { object: { key: string } } }[] } = JSON.parse(text);
  return parsed.events[0]?.oss.object.key ?? '';
}

/** By hand, after the cause is gone: every dead letter's event again. Answers the targets that are still not right. */
async function replay(cloud: Cloud, keys: readonly string[]): Promise<string[]> {
  await fetch(`${cloud.url}/-/faults`, { method: 'DELETE' });
  for (const { event } of readLetters(cloud)) {
    cloud.functionCompute.enqueue(event);
  }
  await cloud.functionCompute.idle();
  const missing: string[] = [];
  for await (const { target, isPossible, isRight } of targets(cloud, keys)) {
    if (isPossible && !isRight) {
      missing.push(target);
    }
  }
  return missing;
}

function countEvents({ outcomes, lines }: Cloud) {
  const fieldOf = (line: string, name: string) => JSON.parse(line)[name];
  const faults = lines.filter((line) => fieldOf(line, 'message') === 'fault');
  const failures = lines.filter((line) => fieldOf(line, 'message') === 'invocation failed');
  return {
    invocations: outcomes.reduce((sum, { attempts }) => sum + attempts, 0),
    killed: failures.filter((line) => fieldOf(line, 'error').startsWith('Process exited')).length,
    faults: faults.length,
    callsForOwnOutputs: faults.filter((line) => /^derived\/.*-[12]$/s.test(fieldOf(line, 'key'))).length,
    ownOutputsSkipped: outcomes.filter(
      ({ result }) => result.status === 'succeeded' && String(result.body).includes('"own-output"'),
    ).length,
  };
}
