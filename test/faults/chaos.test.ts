import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatTable } from '../table.ts';
import { killingFunction, runChaos } from './chaos.ts';
import { type BuiltFunction, buildFunction } from './cloud.ts';

/** `npm run chaos` makes 2,000; the seed repeats what is uploaded, what fails and what is killed. */
const uploads = Number(process.env.CHAOS_UPLOADS ?? 80);
const seed = Number(process.env.CHAOS_SEED ?? 20_261_122);

let built: BuiltFunction;
beforeAll(async () => {
  built = await buildFunction(killingFunction);
});
afterAll(() => rmSync(built.dir, { recursive: true, force: true }));

it(`nothing of ${uploads} uploads is lost, whatever breaks (seed ${seed})`, {
  timeout: uploads * 1_500,
}, async () => {
  const chaos = await runChaos(built, uploads, seed);

  const shown = Object.entries(chaos).map(([name, value]) => [
    name,
    String(Array.isArray(value) ? value.length : value),
  ]);
  console.log(formatTable(['', 'number'], shown));
  expect(chaos).toMatchObject({ lost: [], wrong: [], missingAfterReplay: [], callsForOwnOutputs: 0 });
  expect(chaos.right + chaos.named).toBe(chaos.sources * 2);
  expect(Math.min(chaos.killed, chaos.faults, chaos.named, chaos.ownOutputsSkipped)).toBeGreaterThan(0);
});
