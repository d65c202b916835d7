import { formatTable } from '../table.ts';

/** One measured quantity: the median of its samples, and between what a quarter and three quarters of them lie. */
export interface Figure {
  bench: string;
  name: string;
  unit: string;
  median: number;
  low: number;
  high: number;
  /** In the order they were measured. */
  samples: readonly number[];
  /** The figure of this bench that it is held against, how much of it this one is, and the most it may be. */
  against?: string;
  ratio?: number;
  target?: string;
}

function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function figureOf(bench: string, name: string, unit: string, samples: readonly number[]): Figure {
  const [median, low, high] = [quantile(samples, 0.5), quantile(samples, 0.25), quantile(samples, 0.75)];
  return { bench, name, unit, median, low, high, samples };
}

/**
 * The same figure, held against another one that was measured in turn with it: the median of the ratios pair by pair,
 * which does not change where the machine gets slower or faster between the pairs.
 */
export function against(figure: Figure, other: Figure, target?: string): Figure {
  const ratio = quantile(
    figure.samples.map((sample, i) => sample / (other.samples[i] ?? Number.NaN)),
    0.5,
  );
  return { ...figure, against: other.name, ratio, ...(target !== undefined && { target }) };
}

function format(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0;
  return value.toFixed(digits);
}

/** Rows for people: ours against each baseline, with the target beside the ratio. */
export function formatFigures(figures: readonly Figure[]): string {
  const headings = ['what', 'median', 'unit', 'quartiles', 'samples', 'ratio', 'against', 'target'];
  const rows = figures.map(({ name, unit, median, low, high, samples, ratio, against: other, target }) => [
    name,
    format(median),
    unit,
    `${format(low)} to ${format(high)}`,
    String(samples.length),
    ratio === undefined ? '' : `${ratio.toFixed(2)} x`,
    other ?? '',
    target ?? '',
  ]);
  return formatTable(headings, rows);
}

/** Growth as bars on a logarithmic scale: twice the length of a decade is a hundred times the value. */
export function plot(title: string, points: readonly { label: string; value: number }[], unit: string) {
  const values = points.map(({ value }) => value);
  const floor = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const lines = points.map(({ label, value }) => {
    const bar = '█'.repeat(Math.max(1, Math.round(Math.log10(value / floor) * 12)));
    return `  ${label.padStart(8)} ${bar} ${format(value)} ${unit}\n`;
  });
  return `${title} (logarithmic: 12 blocks are ten times as much)\n${lines.join('')}`;
}
