import type { Template } from '../../rules/template.ts';
import { documentSchema, type OutputDocument, type RuleDocument } from './document.ts';
import type { Glob } from './glob.ts';
import { createIssue, type Issue, type Path } from './issue.ts';
import { checkCollisions, checkKey, checkOwnSource, checkStyle, checkVary } from './output-checks.ts';

/** Which source objects a rule takes. An empty `bucket` or `contentType` takes all; sizes are inclusive. */
export interface Match {
  key: Glob[];
  exclude: Glob[];
  bucket: string[];
  minBytes?: number;
  maxBytes?: number;
  /** Lower case, `image/webp` or `image/*`. */
  contentType: string[];
}

/** One style and where its result is saved, once for each combination of the `vary` values. */
export interface Output {
  style: Template;
  target: { bucket?: string; key: Template };
  vary: Record<string, (string | number)[]>;
  /** Absent: always made again. */
  refresh?: 'missing' | 'stale';
  /** Made again when the source was replaced while it was made. */
  checkSource?: true;
}

export interface Rule {
  name: string;
  match: Match;
  outputs: Output[];
}

/** Rules made ready for run time. Every rule that matches an object applies to it. */
export interface RuleSet {
  /** What an invocation does whose failures are all permanent. */
  onPermanentFailure: 'throw' | 'report';
  rules: Rule[];
}

export type ParsedRules = { ok: true; rules: RuleSet } | { ok: false; issues: Issue[] };

/** Reads a rules document (parsed YAML or JSON), whole or not at all: every issue at once, each with its path. */
export function parseRules(input: unknown): ParsedRules {
  const issues: Issue[] = [];
  const document = documentSchema.parse(input, [], issues);
  const found = document?.rules ?? [];
  checkNames(found, issues);
  const rules = compact(found.map((item, i) => item && readRule(item, ['rules', i], issues)));
  if (issues.length > 0) {
    return { ok: false, issues };
  }
  return { ok: true, rules: { onPermanentFailure: document?.onPermanentFailure ?? 'throw', rules } };
}

function checkNames(rules: readonly (RuleDocument | undefined)[], issues: Issue[]): void {
  const first = new Map<string, number>();
  rules.forEach((item, i) => {
    if (item?.name === undefined) {
      return;
    }
    const other = first.get(item.name);
    if (other === undefined) {
      first.set(item.name, i);
    } else {
      issues.push(
        createIssue(['rules', i, 'name'], 'a name of its own', `"${item.name}", as rules[${other}]`),
      );
    }
  });
}

function readRule(found: RuleDocument, path: Path, issues: Issue[]): Rule | undefined {
  const { name, match: { key, exclude, size: sizes, ...rest } = {} } = found;
  const { min, max } = sizes ?? {};
  if (min !== undefined && max !== undefined && min > max) {
    issues.push(
      createIssue([...path, 'match', 'size', 'max'], `at least min (${min} bytes)`, `${max} bytes`),
    );
  }
  const buckets = compact(rest.bucket);
  const outputs = (found.outputs ?? []).map(
    (item, i) => item && readOutput(item, buckets, [...path, 'outputs', i], issues),
  );
  checkCollisions(outputs, buckets, [...path, 'outputs'], issues);
  if (name === undefined || key === undefined) {
    return undefined;
  }
  return {
    name,
    match: {
      key: compact(key),
      exclude: compact(exclude),
      bucket: buckets,
      ...(min !== undefined && { minBytes: min }),
      ...(max !== undefined && { maxBytes: max }),
      contentType: compact(rest.contentType),
    },
    outputs: compact(outputs),
  };
}

/** Gives the output only when nothing is wrong with it, so that the checks across outputs say nothing twice. */
function readOutput(
  found: OutputDocument,
  sourceBuckets: readonly string[],
  path: Path,
  issues: Issue[],
): Output | undefined {
  const before = issues.length;
  const { style, target = {} } = found;
  const { bucket, key } = target;
  const vary = Object.fromEntries(
    Object.entries(found.vary ?? {}).map(([name, values]) => [name, compact(values)]),
  );
  const keyPath = [...path, 'target', 'key'];
  if (key && !isUnread(target, 'bucket')) {
    checkOwnSource({ bucket, key }, sourceBuckets, keyPath, issues);
  }
  // Where `vary` could not be read, which variables exist is unknown, and nothing can be said about their use.
  if (isUnread(found, 'vary') || !checkVary(vary, [...path, 'vary'], issues)) {
    return undefined;
  }
  if (style) {
    checkStyle(style, vary, [...path, 'style'], issues);
  }
  if (key) {
    checkKey(key, vary, keyPath, issues);
  }
  if (!style || !key || isUnread(target, 'bucket') || issues.length > before) {
    return undefined;
  }
  return {
    style,
    target: { ...(bucket !== undefined && { bucket }), key },
    vary,
    ...(found.refresh && found.refresh !== 'always' && { refresh: found.refresh }),
    ...(found.checkSource && { checkSource: true }),
  };
}

/** Whether a field was there but refused, which its value alone does not tell from one left out. */
function isUnread<T extends object>(found: T, field: keyof T): boolean {
  return field in found && found[field] === undefined;
}

function compact<T>(items: readonly (T | undefined)[] = []): T[] {
  return items.filter((item) => item !== undefined);
}
