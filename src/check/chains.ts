import { matchesKey } from '../rules/key-table.ts';
import type { Rule } from '../rules/rule-set.ts';
import { render, splitKey } from '../rules/template.ts';
import { type Edge, groupBy } from './graph.ts';

export interface ObjectName {
  bucket: string;
  key: string;
}

/** A source object, and the object that one output of a rule makes of it; rules and outputs are told by index. */
export interface Step {
  rule: number;
  output: number;
  source: ObjectName;
  target: ObjectName;
}

/** The name given to a bucket that no rule names. */
export const anyBucket = 'any-bucket';

/** What examples show: steps from a rule back to itself, or such that end on their own source. */
export interface Examples {
  loop?: Step[] | undefined;
  own?: Step[] | undefined;
}

/** A chain of steps, the last one first, and the rule that takes its last object next. */
interface Trail {
  rule: number;
  object: ObjectName;
  step?: Step | undefined;
  before?: Trail | undefined;
  length: number;
}

/** Objects that are followed in vain; more hardly ever show what these did not. */
const maxTries = 500;

/** Follows objects through the rules, each to the rules that its edges lead to, until some chain has `minSteps`. */
export function followExamples(
  { rules, edges, minSteps }: { rules: readonly Rule[]; edges: readonly Edge[]; minSteps: number },
  starts: readonly (ObjectName & { rule: number })[],
): Examples {
  const edgesByRule = groupBy(edges, ({ writer }) => writer.rule);
  const open = starts.map(({ rule, ...object }): Trail => ({ rule, object, length: 0 })).reverse();
  let own: Step[] | undefined;
  for (let tries = 0; tries < maxTries + minSteps; tries += 1) {
    const trail = open.pop();
    if (trail === undefined || trail.length >= minSteps) {
      return { loop: trail && lapOf(trail), own };
    }
    const next = nextTrails(trail, rules, edgesByRule.get(trail.rule) ?? []);
    const onto = next.find(({ object }) => isSame(object, trail.object));
    own ??= onto && stepsOf(onto).slice(-2);
    // The planner refuses to save an object onto itself.
    open.push(...next.filter(({ object }) => !isSame(object, trail.object)).reverse());
  }
  return { own };
}

export const isSame = (a: ObjectName, b: ObjectName) => a.bucket === b.bucket && a.key === b.key;

function nextTrails(before: Trail, rules: readonly Rule[], edges: readonly Edge[]): Trail[] {
  const { rule, object, length } = before;
  return [...groupBy(edges, ({ writer }) => writer.output)].flatMap(([output, targets]) =>
    targetsOf(rules[rule], output, object, length).flatMap((target) =>
      targets
        .filter(({ to }) => takes(rules[to], target))
        .map(({ to }) => {
          const step = { rule, output, source: object, target };
          return { rule: to, object: target, step, before, length: length + 1 };
        }),
    ),
  );
}

/** Whether a rule takes the object, as far as its name tells. */
export function takes(rule: Rule | undefined, { bucket, key }: ObjectName): boolean {
  if (rule === undefined || !matchesKey(rule.match.keys, key) || /^[/\\]|\/$/.test(key)) {
    return false;
  }
  return rule.match.buckets.length === 0 || rule.match.buckets.includes(bucket);
}

/** Where an output is saved for a source, whose ETag is `version`; once for each variant. */
export function targetsOf(
  rule: Rule | undefined,
  index: number,
  { bucket, key }: ObjectName,
  version = 0,
): ObjectName[] {
  const output = rule?.outputs[index];
  const event = { yyyy: '2026', mm: '01', dd: '01', etag: `${version}`, rule: rule?.name ?? '' };
  const values = { ...event, bucket, key, ...splitKey(key) };
  return (output?.variants ?? []).map((variant) => ({
    bucket: output?.target.bucket ?? bucket,
    key: render(output?.target.key ?? [], { ...values, ...variant }),
  }));
}

function stepsOf(trail: Trail): Step[] {
  const steps: Step[] = [];
  for (let at: Trail | undefined = trail; at?.step !== undefined; at = at.before) {
    steps.push(at.step);
  }
  return steps.reverse();
}

/** The part of a chain from a rule in a bucket back to that rule in that bucket. */
function lapOf(trail: Trail): Step[] {
  const steps = stepsOf(trail);
  const first = new Map<string, number>();
  for (const [i, { rule, source }] of steps.entries()) {
    const place = `${rule} ${source.bucket}`;
    const start = first.get(place);
    if (start !== undefined) {
      return steps.slice(start, i);
    }
    first.set(place, i);
  }
  return steps;
}
