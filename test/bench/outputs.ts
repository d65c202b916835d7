import { type Figure, figureOf } from './figures.ts';
import type { Bench } from './in-turn.ts';
import { measure, startStub, writeRules } from './programs.ts';
import { rulesOf } from './sample.ts';

const answerMs = 100;

/** One object with N outputs, warm, on a stub that takes 100 ms for each call. */
export const outputs: Bench = async (_stub, progress) => {
  const slow = await startStub(answerMs);
  try {
    const figures: Figure[] = [];
    for (const count of [1, 2, 4, 8, 16, 32]) {
      progress(`${count} outputs`);
      const env = { RULES_FILE: writeRules(`rules-${count}.json`, rulesOf(count)), CONCURRENCY: '16' };
      const walls: number[] = [];
      for (let round = 0; round < 7; round++) {
        const { since } = await measure('ours', { endpoint: slow.http, checkpoints: [3, 8], env });
        walls.push((since[1]?.wallMs ?? Number.NaN) - (figures[0]?.median ?? 0));
      }
      const name = count === 1 ? 'one output' : `${count} outputs, beyond one`;
      const figure = figureOf('outputs', name, 'ms', walls);
      figures.push(count > 1 && count <= 16 ? { ...figure, target: '+ 5 ms' } : figure);
    }
    return figures;
  } finally {
    slow.close();
  }
};
