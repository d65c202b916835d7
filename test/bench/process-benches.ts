import { against, type Figure, figureOf } from './figures.ts';
import { type Measured, measure, type Program, type Stub, startStub } from './programs.ts';
import { createQuota, type Quota } from './quota.ts';
import { rulesOf } from './sample.ts';

export type Bench = (stub: Stub, progress: (text: string) => void) => Promise<Figure[]>;

/** Runs programs in turn, round after round, so that a machine that gets slower does so for all of them. */
async function inTurn(
  programs: readonly Program[],
  rounds: number,
  run: (program: Program) => Promise<Measured>,
  progress: (text: string) => void,
): Promise<Map<Program, Measured[]>> {
  const found = new Map<Program, Measured[]>(programs.map((program) => [program, []]));
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    for (const program of programs) found.get(program)?.push(await run(program));
  }
  return found;
}

const coldPrograms = ['bare', 'ours', 'node:http', 'undici', 'ali-oss'] as const;

/** From the start of the process to the first saved answer: bare Node as it is, the others beyond it. */
async function coldWith(
  label: string,
  rounds: number,
  stub: Stub,
  quota: Quota | undefined,
  progress: (text: string) => void,
): Promise<Figure[]> {
  const options = { endpoint: stub.endpoint, ...(quota && { spawn: quota.spawn }) };
  const found = await inTurn(coldPrograms, rounds, (program) => measure(program, options), progress);
  return (['processorMs', 'wallMs'] as const).flatMap((measureName) => {
    const kind = `${measureName === 'wallMs' ? 'wall' : 'processor'}, ${label}`;
    const bare = found.get('bare')?.map(({ first }) => first[measureName]) ?? [];
    const beyond = (program: Program) => {
      const samples = (found.get(program) ?? []).map(({ first }, i) => first[measureName] - (bare[i] ?? 0));
      return figureOf('cold', `${program}, ${kind}`, 'ms', samples);
    };
    const [ours, http, ali] = [beyond('ours'), beyond('node:http'), beyond('ali-oss')];
    return [
      figureOf('cold', `bare Node, ${kind}`, 'ms', bare),
      http,
      beyond('undici'),
      ali,
      against(ours, http, '2.5 x, aim 1.8 x'),
      against(ours, ali, '0.25 x'),
    ];
  });
}

export const cold: Bench = async (stub, progress) => {
  const full = await coldWith('full speed', 30, stub, undefined, progress);
  const quota = createQuota(0.1);
  try {
    return [...full, ...(await coldWith(`0.1 vCPU by ${quota.method}`, 11, stub, quota, progress))];
  } finally {
    quota.close();
  }
};

/** Processor time per event once everything is compiled and connected. */
export const warm: Bench = async (stub, progress) => {
  const programs = ['ours', 'node:http', 'undici', 'ali-oss'] as const;
  const checkpoints = [5_000, 15_000];
  const sample = (env: Record<string, string>) => (program: Program) =>
    measure(program, { endpoint: stub.endpoint, checkpoints, env });
  const found = await inTurn(programs, 5, sample({}), progress);
  const quiet = await inTurn(['ours'], 5, sample({ LOG_LEVEL: 'error' }), progress);
  const figure = (name: string, measured: Measured[] = []) =>
    figureOf(
      'warm',
      name,
      'µs',
      measured.map(({ since }) => since[1]?.processorUs ?? Number.NaN),
    );
  const [undici, ali] = [figure('undici', found.get('undici')), figure('ali-oss', found.get('ali-oss'))];
  const ours = figure('ours, two log lines an event', found.get('ours'));
  const silent = figure('ours, LOG_LEVEL=error', quiet.get('ours'));
  const http = figure('node:http, one log line', found.get('node:http'));
  return [
    undici,
    http,
    ali,
    against(silent, undici, '1.5 x'),
    against(ours, undici),
    against(ours, ali, '0.35 x'),
  ];
};

/** Peak resident memory, cold and as events go by. */
export const memory: Bench = async (stub, progress) => {
  const programs = ['bare', 'ours', 'node:http', 'ali-oss'] as const;
  const checkpoints = [100, 1_000, 10_000, 20_000];
  const found = await inTurn(
    programs,
    3,
    (program) => measure(program, { endpoint: stub.endpoint, checkpoints }),
    progress,
  );
  const [bare] = [found.get('bare')?.map(({ first }) => first.peakMb) ?? []];
  return programs.flatMap((program) => {
    const measured = found.get(program) ?? [];
    const at = (name: string, peak: (one: Measured) => number) => {
      const samples = measured.map((one, i) => peak(one) - (program === 'bare' ? 0 : (bare[i] ?? 0)));
      const figure = figureOf('memory', `${program}, ${name}`, 'MB', samples);
      return program === 'ours' ? { ...figure, target: '+ 20 MB, flat' } : figure;
    };
    const later = checkpoints.map((count, i) =>
      at(`after ${count.toLocaleString('en')} events`, ({ since }) => since[i]?.peakMb ?? Number.NaN),
    );
    return [at('cold', ({ first }) => first.peakMb), ...(program === 'bare' ? [] : later)];
  });
};

const answerMs = 100;

/** One object with N outputs, warm, on a stub that takes 100 ms for each call. */
export const outputs: Bench = async (_stub, progress) => {
  const slow = await startStub(answerMs);
  try {
    const figures: Figure[] = [];
    for (const count of [1, 2, 4, 8, 16, 32]) {
      progress(`${count} outputs`);
      const env = { RULES: JSON.stringify(rulesOf(count)), CONCURRENCY: '16' };
      const walls: number[] = [];
      for (let round = 0; round < 7; round++) {
        const { since } = await measure('ours', { endpoint: slow.endpoint, checkpoints: [3, 8], env });
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
