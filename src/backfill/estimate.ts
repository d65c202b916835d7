import { headRequestsOf } from '../check/explain.ts';
import { needsCopy } from '../rules/rule-set.ts';
import type { BatchOptions } from './batches.ts';
import { needsHead } from './run-objects.ts';
import { createUpperBound, type Selection, targetOf } from './select.ts';

/** So many outputs are shown before any is made. */
export const sampleSize = 10;

/** A backfill's work. */
export type Estimate = Awaited<ReturnType<typeof estimate>>;

/** Plans every object of a source and adds up, without a call to OSS but the listing. */
export async function estimate({ source, ruleSet, filter, onlyMissing }: BatchOptions) {
  const skipped: Record<string, number> = {};
  /** The first outputs. */
  const sample: Selection['outputs'][number][] = [];
  const found = {
    objects: 0,
    /** The objects that a rule takes. */
    selected: 0,
    /** Each is a billed call. */
    outputs: 0,
    /** The outputs among them that are made by tasks, which IMM bills. */
    tasks: 0,
    /** Bytes of source objects, counted for each other output. */
    sourceBytes: 0,
    /** Outputs of sources whose size nobody told, and which `sourceBytes` therefore lacks. */
    unsized: 0,
    /** HeadObject requests beside them. */
    headRequests: 0,
    /** Outputs that are copied onto themselves once they are saved. */
    copyRequests: 0,
    /** Some objects or targets have to be asked for: the figures are the most that it can be. */
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

/** The one output that a failure names; the day in its key may be another one here. */
function outputNamed(target: string, outputs: Selection['outputs']): Selection['outputs'] {
  const named = outputs.find((output) => targetOf(output) === target);
  return named === undefined ? outputs.slice(0, 1) : [named];
}
