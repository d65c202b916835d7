import { maxBatchOutputs } from '../backfill/batches.ts';
import type { Estimate } from '../backfill/estimate.ts';
import type { Journal } from '../backfill/journal.ts';
import type { Counts } from '../backfill/journal-file.ts';
import type { Pace } from '../backfill/pace.ts';
import { formatObject } from '../pipeline/result.ts';
import type { BackfillJob } from './backfill-job.ts';
import { bytesPerGigabyte, functionPrice, imagePrice, priceListOf, requestPrice } from './price.ts';
import { formatTable, type Row } from './terminal.ts';

/** Formats the result of the dry run: how much there is to do, what it costs, and how long it takes. */
export function formatEstimate(
  estimate: Estimate,
  job: Pick<BackfillJob, 'source' | 'region' | 'quota' | 'taskClient' | 'max'>,
): string {
  const { source, region, quota, taskClient, max } = job;
  const { objects, selected, outputs, sourceBytes, skipped, sample, isUpperBound } = estimate;
  const { headRequests, copyRequests, unsized } = estimate;
  const seconds = Math.max(outputs / quota.callsPerSecond, sourceBytes / quota.bytesPerSecond);
  const [most, least] = [isUpperBound ? ' at most' : '', unsized > 0 ? 'at least ' : ''];
  const heads = `${number(headRequests)} HEAD request${headRequests === 1 ? '' : 's'}`;
  const copies = copyRequests > 0 ? `, and ${number(copyRequests)} copies of outputs onto themselves` : '';
  const speed = `${number(quota.callsPerSecond)} calls/s and ${bytes(quota.bytesPerSecond)}/s`;
  const rows: Row[] = [
    `Dry run over ${source.name}:`,
    '',
    ['  objects', `${number(objects)} seen, ${number(selected)} taken by a rule${most}`],
    ['  left alone', formatSkipped(skipped) || 'none'],
    ['  outputs', `${number(outputs)}${most}`],
    ['  calls', `as many, which read ${least}${bytes(sourceBytes)} of sources, and ${heads}${copies}`],
    ['  price', formatPrice(estimate, region, taskClient !== undefined)],
    ['  time', `${least}${duration(seconds)} at ${speed}`],
    ...(max === undefined ? [] : [['  this run', `ends after ${number(max)} of the objects (--max)`]]),
  ];
  const examples = sample.flatMap(({ source: from, target: to }) =>
    from === undefined || to === undefined ? [] : [`  ${formatObject(from)} -> ${formatObject(to)}`],
  );
  const exampleTable = examples.length === 0 ? '' : formatTable(['', 'For example:', ...examples, '']);
  return `${formatTable(rows)}${exampleTable}`;
}

/** The list price of a backfill within one month, as far as it is known for the region. */
function formatPrice(estimate: Estimate, region: string, isViaFunction: boolean): string {
  const { outputs, tasks, sourceBytes, unsized, headRequests, copyRequests } = estimate;
  const list = priceListOf(region);
  const image = imagePrice(list, sourceBytes / bytesPerGigabyte);
  const requests = requestPrice(list, outputs + headRequests + copyRequests);
  const batches = Math.ceil(outputs / maxBatchOutputs);
  const amount = (value: number | undefined) =>
    value === undefined ? 'an amount unknown here' : `${list.currency} ${value.toFixed(2)}`;
  const least = unsized > 0 ? 'at least ' : '';
  const parts = [
    `${least}${amount(image)} for the image processing, of which 10 TB a month are free`,
    `${amount(requests)} for the requests`,
    ...(tasks > 0 ? [`and what IMM bills for ${number(tasks)} tasks`] : []),
    ...(isViaFunction ? [`${amount(batches * functionPrice(list, maxBatchOutputs))} for the function`] : []),
  ];
  return `${parts.join(', ')} ("oss-saveas cost" names the sources)`;
}

/** Returns a function that describes the progress in objects that a rule takes, with this run's rates. */
export function progressOf(journal: Pick<Journal, 'state' | 'total'>, { attempts }: Pace): () => string {
  const startMs = performance.now();
  const before = { ...journal.total };
  return () => {
    const { total, state } = journal;
    const objects = total.selected;
    const seconds = (performance.now() - startMs) / 1_000;
    const newObjects = objects - before.selected;
    const made = total.saved - before.saved + total.failed - before.failed;
    const left = Math.max(0, (state.endsAt ?? state.expectedSelected) - objects);
    const throttled = `${number((100 * attempts.throttled) / attempts.all)} % throttled`;
    return [
      `${number(objects)} of ${number(objects + left)} objects`,
      `${number(made / Math.max(0.001, seconds))} calls/s`,
      // The function does not report this.
      ...(attempts.all > 0 ? [throttled] : []),
      `${number(total.failed)} failed`,
      newObjects > 0 ? `${duration((left * seconds) / newObjects)} left` : 'waiting',
    ].join(', ');
  };
}

/** Lists the outcomes of all outputs, such as `3 saved, 0 failed, 2 target-exists`. */
export function formatCounts({ objects: _, selected: __, saved, failed, ...skipped }: Counts): string {
  const parts = [`${number(saved)} saved`, `${number(failed)} failed`, formatSkipped(skipped)];
  return parts.filter(Boolean).join(', ');
}

/** The reasons with their counts; empty if nothing was skipped. */
export function formatSkipped(skipped: Readonly<Record<string, number>>): string {
  return Object.entries(skipped)
    .map(([reason, count]) => `${number(count)} ${reason}`)
    .join(', ');
}

/** A number for people, with at most one decimal. */
export function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

/** A size for people, in powers of 1,000. */
export function bytes(value: number): string {
  const power = Math.min(4, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${number(value / 1_000 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

function duration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = number(Math.floor(hours / 24));
  if (seconds < 60) {
    return `${Math.ceil(seconds)} s`;
  }
  if (hours < 1) {
    return `${minutes} min`;
  }
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}
