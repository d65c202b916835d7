import { sampleSize } from '../backfill/estimate.ts';
import type { ExistingObject, Source } from '../backfill/source.ts';
import { mayMeet } from '../check/graph.ts';
import { plan } from '../pipeline/plan.ts';
import type { PlanItem } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import { matchesKey } from '../rules/key-table.ts';
import type { Rule } from '../rules/rule-set.ts';
import { Names } from './names.ts';
import type { Targets } from './targets.ts';

/** Everything that is known before the targets are examined. */
export interface Scan {
  targets: Targets;
  /** The rules as by `asIfRemoving`, so that an object of any size and type counts as a source. */
  rules: readonly Rule[];
  /** The number of sources, and the names of everything that the rules make of them. */
  sources: number;
  planned: Names;
  /** When the first source was listed, in epoch ms by OSS's clock. */
  startedAtMs: number;
}

/** Makes the planner name an object's targets by its key alone, as after a deletion. */
export function asIfRemoving(rules: readonly Rule[]): Rule[] {
  return rules.map((rule) => ({ ...rule, onRemove: 'delete' }));
}

/** Plans every source and collects the names of its targets. */
export async function planSources(
  source: Source,
  rules: readonly Rule[],
): Promise<Pick<Scan, 'planned' | 'sources'>> {
  const planned = new Names();
  let sources = 0;
  for await (const { object } of source.read()) {
    for (const target of targetsOfSource(object, rules)) {
      planned.add(target);
    }
    sources += 1;
  }
  return { planned, sources };
}

/** The targets that the rules give an object, by its key alone. */
export function targetsOfSource(object: OssObject, rules: readonly Rule[]): OssObject[] {
  return planByKey(object, rules).flatMap(({ target }) => target ?? []);
}

function planByKey({ bucket, key }: OssObject, rules: readonly Rule[]): PlanItem[] {
  return plan({ kind: 'object', event: { bucket, key, eventName: 'ObjectRemoved:DeleteObject' } }, { rules });
}

/** Says why an object is no orphan; undefined if it is one. */
function findReason(object: ExistingObject, scan: Scan): string | undefined {
  const { targets, rules, planned, startedAtMs } = scan;
  const { bucket, key } = object;
  if (!targets.wanted.some((wanted) => wanted.bucket === bucket && matchesKey(wanted.keys, key))) {
    return 'no-target';
  }
  // One of the outputs that were left out may have saved it.
  const place = { buckets: [bucket], prefix: key, suffix: key };
  if (targets.spared.some((writer) => mayMeet(writer, place))) {
    return 'left-out';
  }
  if (planned.has(object)) {
    return 'source-exists';
  }
  // A rule takes it, so it may be somebody's upload.
  if (planByKey(object, rules).some(({ status }) => status !== 'skipped')) {
    return 'also-a-source';
  }
  // Its source may be new as well.
  return isChangedSince(object.modifiedAt, startedAtMs) ? 'changed-since' : undefined;
}

/** Whether an object may have been saved at that time or later. OSS's times are in whole seconds. */
export function isChangedSince(modifiedAt: string | undefined, timeMs: number): boolean {
  return modifiedAt === undefined || Date.parse(modifiedAt) + 999 >= timeMs;
}

/** Finds the orphans among the objects of a source, and counts the others by the reason why they are none. */
export async function* orphansOf(
  source: Source,
  scan: Scan,
  others: Record<string, number>,
): AsyncIterable<ExistingObject> {
  for await (const { object } of source.read()) {
    const reason = findReason(object, scan);
    if (reason === undefined) {
      yield object;
    } else {
      others[reason] = (others[reason] ?? 0) + 1;
    }
  }
}

export type Orphans = Awaited<ReturnType<typeof countOrphans>>;

/** Counts the orphans of a source, and passes each to `onOrphan`. */
export async function countOrphans(source: Source, scan: Scan, onOrphan: (orphan: OssObject) => void) {
  const skipped: Record<string, number> = {};
  const sample: OssObject[] = [];
  const found = { orphans: 0, sizeBytes: 0 };
  for await (const object of orphansOf(source, scan, skipped)) {
    found.orphans += 1;
    found.sizeBytes += object.sizeBytes ?? 0;
    if (sample.length < sampleSize) {
      sample.push({ bucket: object.bucket, key: object.key });
    }
    onOrphan(object);
  }
  const objects = Object.values(skipped).reduce((sum, count) => sum + count, found.orphans);
  return { ...found, objects, skipped, sample };
}
