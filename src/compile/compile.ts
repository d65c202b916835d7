import type { DFA } from 'refa';
import type { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { type Diagnostic, describeValue, error, mismatch, type Path } from '../check/diagnostic.ts';
import { comparePlaces } from '../check/format.ts';
import { didYouMean } from '../did-you-mean.ts';
import { type AfterSteps, type Output, type Rule, type RuleSet, rulesFormat } from '../rules/rule-set.ts';
import { createBudget } from './budget.ts';
import { createKeyLanguages, toKeyTable, toSourceKeys } from './key-table.ts';
import { isMirror } from './outputs.ts';
import { documentSchema, type ParsedOutput, type ParsedRule } from './schema.ts';
import { isSubmitted, variantsOf } from './variants.ts';
import { readYaml } from './yaml.ts';

/** At most this many states are built for the tables of all rules. Ten thousand ordinary rules need half. */
const maxSteps = 1_000_000;

const tooComplex = 'the globs of `key` and `exclude` are together too complex: simplify them';
const simplerHint =
  'A `?` or a class after a `*` that it may also match doubles the table; fewer of them help.';

/** A rule as its author wrote it, with its compiled form; `index` is its place among the rules. */
export interface SourceRule extends ParsedRule {
  index: number;
  /** The keys of the sources that it takes, as a language. */
  keys: DFA;
  compiled: Rule;
}

/** The rules, ready for the function and for the checks, or everything that is wrong with them. */
export type CompiledRules =
  | {
      ok: true;
      ruleSet: RuleSet;
      /** The same rules, in the same order, for the checks. */
      source: readonly SourceRule[];
      /** Adds the place in the text to a diagnostic. */
      locate: (diagnostic: Diagnostic) => Diagnostic;
    }
  | { ok: false; diagnostics: Diagnostic[] };

/** Compiles the text of a rules.yaml; `file` is only used in places. Pure, and all or nothing. */
export function compileRules(text: string, file: string): CompiledRules {
  const { diagnostics, value, locate } = readYaml(text, file);
  if (diagnostics.length > 0) {
    return { ok: false, diagnostics };
  }
  const refuse = (found: readonly Diagnostic[]): CompiledRules => ({
    ok: false,
    diagnostics: found.map(locate).sort((a, b) => comparePlaces(a.place, b.place)),
  });
  const document = documentSchema.safeParse(value);
  if (!document.success) {
    return refuse(document.error.issues.flatMap((issue) => toDiagnostics(issue, value)));
  }
  const { rules, onPermanentFailure = 'throw' } = document.data;
  const keyLanguage = createKeyLanguages(createBudget(maxSteps));
  const faults = findSharedNames(rules);
  const source: SourceRule[] = [];
  for (const [index, rule] of rules.entries()) {
    const keys = keyLanguage(rule.match.key, rule.match.exclude ?? []);
    if (keys === undefined) {
      faults.push(error('too-complex', ['rules', index, 'match', 'key'], tooComplex, simplerHint));
    } else {
      source.push({ ...rule, index, keys: toSourceKeys(keys), compiled: compileRule(rule, keys) });
    }
  }
  if (faults.length > 0) {
    return refuse(faults);
  }
  const ruleSet: RuleSet = {
    format: rulesFormat,
    builtBy: packageJson.version,
    onPermanentFailure,
    rules: source.map(({ compiled }) => compiled),
  };
  return { ok: true, ruleSet, source, locate };
}

function compileRule(rule: ParsedRule, language: DFA): Rule {
  const { name, match, outputs, onRemove } = rule;
  const keys = toKeyTable(language);
  const own = outputs.filter((output) => isMirror(rule, output));
  return {
    name,
    match: {
      keys,
      buckets: match.bucket ?? [],
      minBytes: match.size?.min,
      maxBytes: match.size?.max,
      contentTypes: match.contentType ?? [],
    },
    outputs: outputs.map(compileOutput),
    onRemove,
    ownOutputs: own.length > 0 ? own.map(({ target: { bucket } }) => ({ bucket, keys })) : undefined,
  };
}

function compileOutput(source: ParsedOutput): Output {
  const { style, target, vary, refresh, checkSource, notify } = source;
  return {
    style: style.parts,
    target: { bucket: target.bucket, key: target.key.parts },
    variants: variantsOf(vary),
    refresh: refresh === 'always' ? undefined : refresh,
    checkSource: checkSource || undefined,
    submit: isSubmitted(source) ? { notify } : undefined,
    afterSteps: compileAfterSteps(source),
  };
}

/** Undefined if nothing is asked for, so that the function does not load the code for it. */
function compileAfterSteps(output: ParsedOutput): AfterSteps | undefined {
  const { tags, storageClass, acl } = output;
  const lowerCase = Object.entries(output.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const headers = output.headers && Object.fromEntries(lowerCase);
  const steps: AfterSteps = { headers, tags, storageClass, acl, skipLarger: output.skipLarger || undefined };
  return Object.values(steps).some((step) => step !== undefined) ? steps : undefined;
}

function findSharedNames(rules: readonly ParsedRule[]): Diagnostic[] {
  const names = rules.map(({ name }) => name);
  return names.flatMap((name, i) => {
    const first = names.indexOf(name);
    const received = `"${name}", as rules[${first}]`;
    return first === i ? [] : [mismatch(['rules', i, 'name'], 'a name of its own', received)];
  });
}

/** Diagnostics for one issue of the schema library; `issue.path` is relative to `base`. */
function toDiagnostics(issue: z.core.$ZodIssue, document: unknown, base: Path = []): Diagnostic[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'unrecognized_keys') {
    const names = issue.message.replace('one of ', '').split(', ');
    return issue.keys.map((name) => {
      const received = `${describeValue(name)}${didYouMean(name, names)}`;
      return mismatch([...path, name], issue.message, received, { atKey: true });
    });
  }
  if (issue.code === 'invalid_key') {
    const received = describeValue(path.at(-1));
    return issue.issues.map(({ message }) => mismatch(path, message, received, { atKey: true }));
  }
  const value = path.reduce<unknown>((outer, name) => Reflect.get(Object(outer), name), document);
  if (issue.code === 'invalid_union') {
    // Here may be a list or a single item; the value tells which one was meant.
    const meant = issue.errors[Array.isArray(value) ? 0 : 1] ?? [];
    return meant.flatMap((inner) => toDiagnostics(inner, document, path));
  }
  // Our own checks add these to their issues.
  const params: { received?: string; offset?: number } = issue.code === 'custom' ? (issue.params ?? {}) : {};
  const { received, offset } = params;
  const span = offset === undefined ? undefined : { offset, length: 1 };
  return [mismatch(path, issue.message, received ?? describeValue(value), { span })];
}
