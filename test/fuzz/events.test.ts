import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EventError } from '../../src/events/object-event.ts';
import { parseEvent } from '../../src/events/parse.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { createRandom } from '../faults/random.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

/** `npm run fuzz` sets a million; `npm test` runs a short one. Seeded, so that a failure can be repeated. */
const runs = Number(process.env.FUZZ_RUNS ?? 5_000);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);

const file = new URL('../fixtures/events/fc-events.json', import.meta.url);
const { samples }: { samples: { event: unknown }[] } = JSON.parse(readFileSync(file, 'utf8'));

const output = (key: string) => ({
  style: 'image/watermark,text_{b64:{name}}/resize,w_{w}',
  vary: { w: [1, 2] },
  target: { key },
});
const ruleSet = ruleSetOf({
  rules: [
    { name: 'a', match: { key: '**', size: { max: '1MB' } }, outputs: [output('d/{dir}/{name}-{w}.{ext}')] },
    {
      name: 'b',
      match: { key: '{incoming,d}/**/*.jpg', contentType: 'image/*' },
      outputs: [output('{yyyy}/{etag}-{w}')],
    },
  ],
});

const leaves: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  '\u0000',
  '\ud800',
  'constructor',
  '__proto__',
  'x'.repeat(5_000),
  [],
  {},
  [[]],
  { toString: 1 },
  'ObjectCreated:PutObject',
  '2026-99-99',
  '9'.repeat(30),
  ...hostileKeys,
];

/** A whole number from 0 to `below`, which is not one. */
type Random = (below: number) => number;

/** A copy with some values replaced, dropped or doubled. */
function mutate(value: unknown, random: Random): unknown {
  if (random(12) === 0) {
    return leaves[random(leaves.length)];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item) => Array(random(20) === 0 ? random(3) : 1).fill(mutate(item, random)));
  }
  if (typeof value === 'object' && value !== null) {
    const kept = Object.entries(value).filter(() => random(25) !== 0);
    return Object.fromEntries(kept.map(([name, item]) => [name, mutate(item, random)]));
  }
  return value;
}

function damage(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  const noise = Buffer.from(Array.from({ length: random(4) }, () => random(256)));
  return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + random(4))]);
}

function wrap(text: string, random: Random): string {
  const body = random(2) === 0 ? text : Buffer.from(text).toString('base64');
  const envelopes = [
    text,
    body,
    JSON.stringify([text, text]),
    JSON.stringify({ body, attrs: {} }),
    JSON.stringify({ TopicOwner: '1', Message: body }),
    JSON.stringify([{ type: 'mns:Queue:SendMessage', data: { messageBody: body } }]),
  ];
  return envelopes[random(envelopes.length)] ?? text;
}

function makeEvent(random: Random): Buffer {
  const base = samples[random(samples.length)]?.event;
  const text = JSON.stringify(mutate(base, random)) ?? '';
  const bytes = Buffer.from(random(3) === 0 ? wrap(wrap(text, random), random) : wrap(text, random));
  return random(3) === 0 ? damage(bytes, random) : bytes;
}

describe('any event at all', () => {
  it(`any event at all is planned or refused by name, never crashed on (${runs.toLocaleString('en')} events, seed ${seed})`, {
    // A thousand events take less than three seconds, even on a busy machine.
    timeout: 60_000 + runs * 3,
  }, () => {
    const fraction = createRandom(seed);
    const random: Random = (below) => Math.floor(fraction() * below);
    const ends = { planned: 0, skipped: 0, failed: 0, saved: 0, refused: 0 };
    let slowestMs = 0;

    for (let run = 0; run < runs; run++) {
      const bytes = makeEvent(random);
      const startedAt = performance.now();
      try {
        for (const record of parseEvent(bytes)) {
          for (const item of plan(record, ruleSet)) {
            ends[item.status] += 1;
          }
        }
      } catch (error) {
        if (!(error instanceof EventError)) {
          throw new Error(`run ${run}: ${bytes.toString('base64')}`, { cause: error });
        }
        ends.refused += 1;
      }
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }

    console.log(`${JSON.stringify(ends)}, slowest ${slowestMs.toFixed(1)} ms`);
    expect(Math.min(ends.planned, ends.skipped, ends.failed, ends.refused)).toBeGreaterThan(0);
  });
});
