import { withProcessorShare } from './container.ts';
import { against, type Figure, figureOf } from './figures.ts';
import { type Bench, inTurn } from './in-turn.ts';
import type { RunOptions } from './programs.ts';

const programs = [
  'bare',
  'by hand',
  'undici limit',
  'undici',
  'ali-oss',
  'ours',
  'ours, no code cache',
] as const;

/** From the start of the process to the first saved answer: bare Node as it is, the others beyond it. */
async function coldWith(
  label: string,
  rounds: number,
  options: RunOptions,
  progress: (text: string) => void,
): Promise<Figure[]> {
  const candidates = programs.map((program) => ({ name: program, program, ...options }));
  const found = await inTurn(candidates, rounds, (text) => progress(`${label}: ${text}`));
  return (['processorMs', 'wallMs'] as const).flatMap((measure) => {
    const kind = `${measure === 'wallMs' ? 'wall' : 'processor'}, ${label}`;
    const bare = found('bare').map(({ first }) => first[measure]);
    const beyond = (program: (typeof programs)[number]) => {
      const samples = found(program).map(({ first }, i) => first[measure] - (bare[i] ?? 0));
      return figureOf('cold', `${program}, ${kind}`, 'ms', samples);
    };
    const [byHand, limit, ali, ours, uncached] = [
      beyond('by hand'),
      beyond('undici limit'),
      beyond('ali-oss'),
      beyond('ours'),
      beyond('ours, no code cache'),
    ];
    return [
      figureOf('cold', `bare Node, ${kind}`, 'ms', bare),
      byHand,
      limit,
      beyond('undici'),
      ali,
      against(ours, byHand, '2.5 x, aim 1.8 x'),
      against(ours, limit, '1.35 x'),
      against(ours, ali, '0.25 x'),
      against(uncached, limit),
    ];
  });
}

export const cold: Bench = async (stub, progress) => {
  const figures: Figure[] = [];
  for (const scheme of ['https', 'http'] as const) {
    const endpoint = stub[scheme];
    figures.push(...(await coldWith(`${scheme}, full speed`, 25, { endpoint }, progress)));
    const { method, spawn, close } = withProcessorShare(0.1);
    try {
      const label = `${scheme}, 0.1 vCPU by ${method}`;
      figures.push(...(await coldWith(label, 9, { endpoint, spawn }, progress)));
    } finally {
      close();
    }
  }
  return figures;
};
