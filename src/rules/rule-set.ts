import { fieldsOf, parseJson } from '../json.ts';
import type { KeyTable } from './key-table.ts';
import { type Part, type VariableValues, variablesOf } from './template.ts';

/** The format of `dist/rules.json`; the number grows where an older function could not read a newer file. */
export const rulesFormat = 3;

/** The source objects that a rule takes. An empty list takes all buckets or types; sizes are inclusive. */
export interface Match {
  /** The keys of `key` without those of `exclude`. */
  keys: KeyTable;
  buckets: readonly string[];
  minBytes?: number | undefined;
  maxBytes?: number | undefined;
  /** Lower case, `image/webp` or `image/*`. */
  contentTypes: readonly string[];
}

/** All that an output gets beside its picture, once that is saved. */
export interface AfterSteps {
  /** Names in lower case: Cache-Control and the like, and `x-oss-meta-*`. */
  headers?: Readonly<Record<string, string>> | undefined;
  tags?: Readonly<Record<string, string>> | undefined;
  storageClass?: string | undefined;
  acl?: string | undefined;
  /** An output with more bytes than its source is deleted again. */
  skipLarger?: boolean | undefined;
}

/** Tells whether an output is copied onto itself once it is saved, which sets everything but its bytes. */
export function needsCopy({ skipLarger, ...properties }: AfterSteps = {}): boolean {
  return Object.values(properties).some((property) => property !== undefined);
}

/** One style and where its result is saved, once for each variant. */
export interface Output {
  style: readonly Part[];
  target: { bucket?: string | undefined; key: readonly Part[] };
  /** The values of `vary`, one entry for each combination; a single empty entry where nothing varies. */
  variants: readonly VariableValues[];
  /** Absent: always made again. */
  refresh?: 'missing' | 'stale' | undefined;
  /** Made again when the source was replaced while it was made. */
  checkSource?: boolean | undefined;
  afterSteps?: AfterSteps | undefined;
  /** Made by an asynchronous task, and OSS notifies the topic of its end, if there is one. */
  submit?: { notify?: string | undefined } | undefined;
}

/** Whether an output's style or target depends on one of the variables. */
export function usesVariable(
  { style, target }: Pick<Output, 'style' | 'target'>,
  variables: readonly string[],
): boolean {
  return variablesOf([...style, ...target.key]).some(({ name }) => variables.includes(name));
}

/** Objects that a rule writes and would take again. */
interface OwnOutputs {
  /** Absent: in any bucket. */
  bucket?: string | undefined;
  keys: KeyTable;
}

export interface Rule {
  name: string;
  match: Match;
  outputs: readonly Output[];
  /** Its targets are deleted when their source is. Absent: they stay. */
  onRemove?: 'delete' | undefined;
  /** Objects that the recursion guard skips; written only where the loop proof lets such a rule pass. */
  ownOutputs?: readonly OwnOutputs[] | undefined;
}

/** The rules as the build compiled them; every rule that matches an object applies to it. */
export interface RuleSet {
  format: typeof rulesFormat;
  /** The version of oss-saveas that compiled the file. */
  builtBy: string;
  /** Tells whether an invocation throws whose failures are all permanent. */
  onPermanentFailure: 'throw' | 'report';
  rules: readonly Rule[];
}

/** The compiled rules cannot be used; the message says what to do. */
export class RulesError extends Error {
  override name = 'RulesError';
}

/**
 * Reads the text of a compiled rules file, which the build checked. Throws RulesError where it is none, was
 * cut off, or has another format than this function reads; `file` names it there.
 */
export function parseRuleSet(text: string, file: string): RuleSet {
  const value = parseJson(text);
  if (isRuleSet(value)) {
    return value;
  }
  const { format, builtBy } = fieldsOf(value);
  const isForeign = typeof builtBy === 'string' && format !== rulesFormat;
  const fault = isForeign
    ? `was built by oss-saveas ${builtBy} in format ${format}, this function reads format ${rulesFormat}`
    : 'is no compiled rules file, or was cut off';
  throw new RulesError(`${file} ${fault}: rebuild with \`oss-saveas build\`.`);
}

function isRuleSet(value: unknown): value is RuleSet {
  const { format, rules } = fieldsOf(value);
  return format === rulesFormat && Array.isArray(rules);
}
