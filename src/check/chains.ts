import type { SourceRule } from '../compile/compile.ts';
import type { OssObject } from '../process.ts';
import { matchesKey } from '../rules/key-table.ts';
import { render, splitKey } from '../rules/template.ts';
import { type Edge, groupBy, type Writer } from './graph.ts';

/** A source object, and the object that an output makes of it. */
export interface ChainStep {
  writer: Writer;
  source: OssObject;
  target: OssObject;
}

/** The name given to a bucket that no rule names. */
export const anyBucket = 'any-bucket';

/** Examples show steps from a rule back to itself, or steps that end on their own source. */
export interface Examples {
  loop?: ChainStep[] | undefined;
  own?: ChainStep[] | undefined;
}

/** A chain of steps, the last one first, and the rule that takes its last object next. */
interface Trail {
  rule: SourceRule;
  object: OssObject;
  length: number;
  step?: ChainStep | undefined;
  before?: Trail | undefined;
}

/** So many objects may be followed in vain; more hardly ever show what these did not. */
const maxTries = 500;

/** Follows objects through the rules, each to those that its edges lead to, until some chain has `minSteps`. */
export function followExamples(
  edges: readonly Edge[],
  starts: readonly { rule: SourceRule; object: OssObject }[],
  minSteps: number,
): Examples {
  const edgesByRule = groupBy(edges, ({ writer }) => writer.rule);
  const open = starts.map((start): Trail => ({ ...start, length: 0 })).reverse();
  let own: ChainStep[] | undefined;
  for (let tries = 0; tries < maxTries + minSteps; tries += 1) {
    const trail = open.pop();
    if (trail === undefined || trail.length >= minSteps) {
      return { loop: trail && loopOf(stepsOf(trail)), own };
    }
    const next = nextTrails(trail, edgesByRule.get(trail.rule) ?? []);
    const onto = next.find(({ object }) => isSame(object, trail.object));
    own ??= onto && stepsOf(onto).slice(-2);
    // The planner refuses to save an object onto itself.
    open.push(...next.filter(({ object }) => !isSame(object, trail.object)).reverse());
  }
  return { own };
}

export const isSame = (a: OssObject, b: OssObject) => a.bucket === b.bucket && a.key === b.key;

function nextTrails(before: Trail, edges: readonly Edge[]): Trail[] {
  const { object: source, length } = before;
  return [...groupBy(edges, ({ writer }) => writer)].flatMap(([writer, targets]) =>
    targetObjects(writer, source, length).flatMap((target) =>
      targets
        .filter(({ taker }) => takes(taker, target))
        .map(({ taker }) => {
          const step = { writer, source, target };
          return { rule: taker, object: target, length: length + 1, step, before };
        }),
    ),
  );
}

/** Tells whether a rule takes the object, as far as its name tells. */
export function takes({ compiled: { match } }: SourceRule, { bucket, key }: OssObject): boolean {
  const isInBucket = match.buckets.length === 0 || match.buckets.includes(bucket);
  return isInBucket && !/^[/\\]|\/$/.test(key) && matchesKey(match.keys, key);
}

/** Lists the objects that an output makes of a source, one for each variant; `version` is the ETag of the source. */
export function targetObjects({ rule, index, output }: Writer, source: OssObject, version = 0): OssObject[] {
  const event = { yyyy: '2026', mm: '01', dd: '01', etag: `${version}`, rule: rule.name, index: '1' };
  const values = { ...event, ...source, ...splitKey(source.key) };
  const { bucket = source.bucket, key } = output.target;
  const variants = rule.compiled.outputs[index]?.variants ?? [];
  return variants.map((variant) => ({ bucket, key: render(key.parts, { ...values, ...variant }) }));
}

function stepsOf(trail: Trail): ChainStep[] {
  const steps: ChainStep[] = [];
  for (let at: Trail | undefined = trail; at?.step !== undefined; at = at.before) {
    steps.push(at.step);
  }
  return steps.reverse();
}

/** The part of a chain from a rule in a bucket back to that rule in that bucket. */
function loopOf(steps: readonly ChainStep[]): ChainStep[] {
  const first = new Map<string, number>();
  for (const [i, { writer, source }] of steps.entries()) {
    const place = `${writer.rule.index} ${source.bucket}`;
    const start = first.get(place);
    if (start !== undefined) {
      return steps.slice(start, i);
    }
    first.set(place, i);
  }
  return [...steps];
}
