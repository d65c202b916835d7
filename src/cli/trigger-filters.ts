import type { Element, NoParent } from 'refa';
import { outermost } from '../backfill/prefixes.ts';
import { commonStart, filtersOverlap, holdsPrefix, sourceBuckets, writersOf } from '../check/graph.ts';
import { creationEvents, removalEvents } from '../check/triggers.ts';
import type { SourceRule } from '../compile/compile.ts';
import { type Glob, literalStart } from '../compile/glob.ts';
import { immPermissions, keyStarts, type Site } from './policies.ts';

/** The most native OSS triggers of a bucket, a fixed limit (Function Compute help, "Limits"). */
const maxNativeTriggers = 10;

/** The keys that a native trigger delivers, by their beginning and end. */
interface NativeFilter {
  prefix: string;
  suffix: string;
}

/** The narrowest native triggers for the rules, as in `s.yaml`. Throws if a bucket would need too many. */
export function nativeTriggers(rules: readonly SourceRule[], { region, account, bucket }: Site): object[] {
  return sourceBuckets(rules, [bucket]).flatMap((name, i) => {
    const near = rules.filter(({ match }) => (match.bucket ?? [bucket]).includes(name));
    return filtersOf(near, name).map((key, j) => ({
      triggerName: `oss-upload${i + j === 0 ? '' : `-${i + 1}-${j + 1}`}`,
      triggerType: 'oss',
      qualifier: 'LATEST',
      sourceArn: `acs:oss:${region}:${account}:${name}`,
      invocationRole: `acs:ram::${account}:role/aliyunosseventnotificationrole`,
      triggerConfig: { events: eventsFor(near.filter((rule) => mayDeliver(key, rule))), filter: { key } },
    }));
  });
}

function eventsFor(rules: readonly SourceRule[]): string[] {
  return rules.some(({ onRemove }) => onRemove) ? [...creationEvents, ...removalEvents] : creationEvents;
}

/**
 * The narrowest filters by which native triggers of one bucket deliver all that these rules take. No two
 * overlap, because that is refused. Suffixes are dropped if there would be too many filters for a bucket.
 */
function filtersOf(rules: readonly SourceRule[], bucket: string): readonly NativeFilter[] {
  const narrow = rules.flatMap(narrowFilters).reduce(joinFilter, []);
  const prefixes = outermost(narrow.map(({ prefix }) => prefix));
  if (prefixes.length > maxNativeTriggers) {
    const need = `${bucket} would need ${prefixes.length} native triggers`;
    const advice = 'take EventBridge, whose pattern "oss-saveas generate eventbridge" writes';
    throw new Error(`${need}, and a bucket has ${maxNativeTriggers} at most: ${advice}.`);
  }
  return narrow.length > maxNativeTriggers ? prefixes.map((prefix) => ({ prefix, suffix: '' })) : narrow;
}

/** The filters that deliver what one rule takes, and little else. */
function narrowFilters({ match, compiled }: SourceRule): NativeFilter[] {
  const starts = keyStarts(compiled);
  return match.key.flatMap((glob) => {
    const own = literalStart(glob);
    const prefixes = starts.filter((start) => start.startsWith(own) || own.startsWith(start));
    return prefixes.flatMap((prefix) =>
      endings(glob).map((suffix) => ({ prefix: prefix.length < own.length ? own : prefix, suffix })),
    );
  });
}

function mayDeliver(filter: NativeFilter, rule: SourceRule): boolean {
  return narrowFilters(rule).some((narrow) => filtersOverlap(narrow, filter));
}

/** Adds a filter to filters that do not overlap, merging it with each that it overlaps. */
function joinFilter(joined: readonly NativeFilter[], filter: NativeFilter): readonly NativeFilter[] {
  const other = joined.find((one) => filtersOverlap(one, filter));
  if (other === undefined) {
    return [...joined, filter];
  }
  const wide = { prefix: shorter(other.prefix, filter.prefix), suffix: shorter(other.suffix, filter.suffix) };
  const others = joined.filter((one) => one !== other);
  return joinFilter(others, wide);
}

const shorter = (a: string, b: string) => (a.length <= b.length ? a : b);

/** More endings than this are treated as none. */
const maxEndings = 32;

/** The endings of a glob's keys: `.jpg` and `.png` for `*.{jpg,png}`. */
function endings({ expression }: Glob): string[] {
  return [...new Set(expression.alternatives.flatMap(({ elements }) => endingsOf(elements)))];
}

function endingsOf(elements: readonly NoParent<Element>[]): string[] {
  let suffixes = [''];
  for (const element of elements.toReversed()) {
    const texts = textsOf(element);
    if (texts === undefined || texts.length * suffixes.length > maxEndings) {
      break;
    }
    suffixes = texts.flatMap((text) => suffixes.map((suffix) => text + suffix));
  }
  return suffixes;
}

/** The texts that an element stands for; undefined if they are too many to list. */
function textsOf(element: NoParent<Element>): string[] | undefined {
  if (element.type === 'CharacterClass') {
    const [{ min = 0, max = 1 } = {}, ...others] = element.characters.ranges;
    return min === max && others.length === 0 ? [String.fromCodePoint(min)] : undefined;
  }
  if (element.type !== 'Alternation') {
    return undefined;
  }
  const options = element.alternatives.map(({ elements }) => elements.map(textsOf));
  const isPlain = options.every((texts) => texts.every((text) => text?.length === 1));
  return isPlain ? options.map((texts) => texts.join('')) : undefined;
}

/** The event patterns for the rules, each for its own trigger: for uploads, and for the ends of tasks. */
export function eventPatterns(rules: readonly SourceRule[], site: Site): object[] {
  const tasks = immPermissions(rules).flatMap((permission) => {
    const [, task] = /^imm:Create(\w+)Task$/.exec(permission) ?? [];
    return task === undefined ? [] : [`imm:Task:${task}`];
  });
  const uploads = uploadPattern(rules, site);
  return tasks.length === 0 ? [uploads] : [uploads, { source: ['acs.imm'], type: tasks }];
}

/**
 * The event pattern that delivers what the rules take, but not our own outputs. All fields have to match,
 * each by one item of its list (EventBridge help, "Event patterns"). So prefixes, suffixes and the single
 * exclusion share two fields that both contain the key: `subject` and `data.oss.object.key`.
 */
function uploadPattern(rules: readonly SourceRule[], { region, account, bucket }: Site): object {
  const buckets = sourceBuckets(rules, [bucket]);
  const globs = rules.flatMap(({ match }) => match.key);
  const prefixes = outermost(rules.flatMap(({ compiled }) => keyStarts(compiled)));
  const suffixes = [...new Set(globs.flatMap(endings))];
  const barred = ownPrefix(rules, prefixes);
  const ends = suffixes.includes('') ? undefined : suffixes.map((suffix) => ({ suffix }));
  const starts = prefixes.includes('')
    ? undefined
    : buckets.flatMap((name) =>
        prefixes.map((prefix) => ({ prefix: `acs:oss:${region}:${account}:${name}/${prefix}` })),
      );
  const subject = starts ?? (barred === undefined ? undefined : ends);
  const key = barred === undefined ? ends : [{ 'anything-but': { prefix: barred } }];
  const object = key && { key };
  return {
    source: ['acs.oss'],
    type: eventsFor(rules),
    subject,
    data: { oss: { bucket: { name: buckets }, object } },
  };
}

/** A folder of our own outputs within what is delivered, in which no rule takes anything. */
function ownPrefix(rules: readonly SourceRule[], delivered: readonly string[]): string | undefined {
  const own = writersOf(rules)
    .flatMap(({ shapes }) => shapes.map(({ prefix }) => prefix))
    .filter((prefix) => delivered.some((one) => prefix.startsWith(one)));
  const folders = [own.reduce(commonStart, own[0] ?? ''), ...own].map((prefix) =>
    prefix.slice(0, prefix.lastIndexOf('/') + 1),
  );
  const isTaken = (folder: string) => rules.some(({ compiled }) => holdsPrefix(compiled.match.keys, folder));
  return folders.find((folder) => folder !== '' && !isTaken(folder));
}
