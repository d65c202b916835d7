import { headRequestsOf } from '../head-requests.ts';
import { needsCopy } from '../rules/rule-set.ts';
import type { BatchOptions } from './batches.ts';
import { needsHead } from './run-objects.ts';
import { createUpperBound, type Selection, targetOf } from './select.ts';

/** This many outputs are shown as a sample. */
export const sampleSize = 10;

/** The work of a backfill, in numbers. */
export type Estimate = Awaited<ReturnType<typeof estimate>>;

/** Plans every object of a source and adds up the work. It calls OSS only to list objects. */
export async function estimate({ source, ruleSet, filter, onlyMissing }: BatchOptions) {
  const skipped: Record<string, number> = {};
  const sample: Selection['outputs'][number][] = [];
  const found = {
    objects: 0,
    /** The objects that a rule takes. */
    selected: 0,
    /** Each of them is a billed call. */
    outputs: 0,
    /** The outputs among them that asynchronous tasks make, which IMM bills. */
    tasks: 0,
    /** The bytes that OSS reads: each source's size, once for each output that is no task. */
    sourceBytes: 0,
    /** Outputs whose source has no known size, so that `sourceBytes` does not include it. */
    unsized: 0,
    /** HeadObject requests in addition to the outputs. */
    headRequests: 0,
    /** Outputs that are copied onto themselves after the save. */
    copyRequests: 0,
    /** True if some outputs may turn out not to be needed: the figures are then a maximum. */
    isUpperBound: false,
  };
  const select = createUpperBound(ruleSet, new Date().toISOString());
  for await (const { object } of source.read()) {
    const isUncertain = needsHead(object, ruleSet);
    const { outputs, skipped: reason } = select(object, filter);
    found.objects += 1;
    if (reason !== undefined) {
      skipped[reason] = (skipped[reason] ?? 0) + 1;
      continue;
    }
    found.selected += 1;
    found.headRequests += Number(isUncertain);
    found.isUpperBound ||= isUncertain || onlyMissing;
    for (const output of object.target === undefined ? outputs : outputNamed(object.target, outputs)) {
      const isTask = output.status === 'planned' && output.action === 'submit';
      found.outputs += 1;
      found.tasks += Number(isTask);
      found.sourceBytes += isTask ? 0 : (object.sizeBytes ?? 0);
      found.unsized += Number(object.sizeBytes === undefined && !isTask);
      if (output.status === 'planned') {
        found.copyRequests += Number(needsCopy(output.afterSteps));
        found.headRequests += headRequestsOf(output, onlyMissing);
        found.isUpperBound ||= output.refresh !== undefined || output.afterSteps?.skipLarger === true;
      }
      if (sample.length < sampleSize) {
        sample.push(output);
      }
    }
  }
  return { ...found, skipped, sample };
}

/** The output that a failure names. Any one stands for it if the day in its key has changed since. */
function outputNamed(target: string, outputs: Selection['outputs']): Selection['outputs'] {
  const named = outputs.find((output) => targetOf(output) === target);
  return named === undefined ? outputs.slice(0, 1) : [named];
}
