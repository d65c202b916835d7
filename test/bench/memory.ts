import { withMemory } from './container.ts';
import { type Figure, figureOf } from './figures.ts';
import { type Bench, inTurn } from './in-turn.ts';
import type { Measured } from './programs.ts';

const programs = ['bare', 'by hand', 'undici limit', 'ali-oss', 'ours'] as const;
const checkpoints = [100, 1_000, 10_000, 20_000];

/** Peak resident memory, cold and as events go by, in the container that s.yaml asks for. */
export const memory: Bench = async ({ http: endpoint }, progress) => {
  const { method, spawn, close } = withMemory(128);
  try {
    const candidates = programs.map((program) => ({ name: program, program, endpoint, checkpoints, spawn }));
    const found = await inTurn(candidates, 3, progress);
    const bare = found('bare').map(({ first }) => first.peakMb);
    const figures = [figureOf('memory', `bare Node, ${method}`, 'MB', bare)];
    for (const program of programs.slice(1)) {
      const beyond = (when: string, peakOf: (one: Measured) => number): Figure => {
        const samples = found(program).map((one, i) => peakOf(one) - (bare[i] ?? 0));
        const figure = figureOf('memory', `${program}, ${when}`, 'MB', samples);
        return program === 'ours' ? { ...figure, target: '+ 20 MB, flat' } : figure;
      };
      figures.push(beyond('cold', ({ first }) => first.peakMb));
      checkpoints.forEach((count, i) => {
        const when = `after ${count.toLocaleString('en')} events`;
        figures.push(beyond(when, ({ since }) => since[i]?.peakMb ?? Number.NaN));
      });
    }
    return figures;
  } finally {
    close();
  }
};
