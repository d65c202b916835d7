import { against, figureOf } from './figures.ts';
import { type Bench, inTurn } from './in-turn.ts';

const checkpoints = [1_000, 5_000, 15_000];

/** Processor time per event with one output: while V8 still compiles, and once everything is compiled and connected. */
export const warm: Bench = async ({ http: endpoint }, progress) => {
  const shared = { endpoint, checkpoints };
  const candidates = [
    { name: 'undici limit', program: 'undici limit', ...shared },
    { name: 'undici', program: 'undici', ...shared },
    { name: 'by hand, one log line', program: 'by hand', ...shared },
    { name: 'ali-oss, one log line', program: 'ali-oss', ...shared },
    { name: 'ours, no log line', program: 'ours', ...shared, env: { LOG_LEVEL: 'error' } },
    { name: 'ours, one log line', program: 'ours', ...shared },
  ] as const;
  const found = await inTurn(candidates, 7, progress);
  const phases = [
    ['events 2 to 1,000', 0],
    ['events 5,001 to 15,000', 2],
  ] as const;
  return phases.flatMap(([phase, checkpoint]) => {
    const figure = (name: string) =>
      figureOf(
        'warm',
        `${name}, ${phase}`,
        'µs',
        found(name).map(({ since }) => since[checkpoint]?.processorUs ?? Number.NaN),
      );
    const [limit, undici, byHand, ali, silent, ours] = candidates.map(({ name }) => figure(name));
    if (!limit || !undici || !byHand || !ali || !silent || !ours) {
      return [];
    }
    return [
      limit,
      undici,
      byHand,
      ali,
      against(silent, undici, '1.5 x'),
      against(ours, undici),
      against(ours, byHand),
      against(ours, ali, '0.35 x'),
    ];
  });
};
