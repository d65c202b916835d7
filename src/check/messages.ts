import type { SourceRule } from '../compile/compile.ts';
import { anyBucket, type ObjectName, type Step } from './chains.ts';
import type { Collision } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Writer } from './graph.ts';
import type { Cycle } from './loops.ts';

type Source = readonly SourceRule[];

const quote = (text: string) => `\`${text}\``;
const ruleNames = (source: Source, rules: readonly number[]) =>
  rules
    .slice(0, 5)
    .map((rule) => quote(source[rule]?.name ?? ''))
    .join(', ');

/** The key in quotes, with its bucket unless that is any and the same all along. */
export function nameOf({ bucket, key }: ObjectName, buckets: readonly string[] = []): string {
  const isPlain = bucket === anyBucket && buckets.every((other) => other === bucket);
  return quote(isPlain ? key : `oss://${bucket === anyBucket ? '<any bucket>' : bucket}/${key}`);
}

/** A diagnostic about the target key of an output. */
function atTarget(
  source: Source,
  { rule, output }: Pick<Writer, 'rule' | 'output'>,
  diagnostic: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint'>,
): Diagnostic {
  const text = source[rule]?.outputs[output]?.target.key.text ?? '';
  const path = ['rules', rule, 'outputs', output, 'target', 'key'];
  return { ...diagnostic, path, span: { offset: 0, length: text.length } };
}

export function describeCycle(cycle: Cycle, source: Source, writers: readonly Writer[]): Diagnostic {
  const [step] = 'steps' in cycle ? cycle.steps : [];
  const { rule, output } = step ?? { rule: cycle.rules[0] ?? 0, output: 0 };
  const writer = writers.find((one) => one.rule === rule && one.output === output);
  const hint = `${writer === undefined ? '' : adviceFor(writer, source)}${conditionsNote(cycle.rules, source)}`;
  const [code, message] = explain(cycle, source);
  return atTarget(source, { rule, output }, { severity: 'error', code, message, hint });
}

function explain(cycle: Cycle, source: Source): [code: string, message: string] {
  const names = ruleNames(source, cycle.rules);
  switch (cycle.kind) {
    case 'loop':
      return [
        'loop',
        `makes a loop: ${formatSteps(cycle.steps)} → matched again by ${ruleNames(source, cycle.rules.slice(0, 1))}`,
      ];
    case 'own-source':
      return [
        'own-source',
        `saves onto its own source: ${formatSteps(cycle.steps)}, the same object, which fails for good`,
      ];
    case 'unproven':
      return [
        'possible-loop',
        `may make a loop of ${names}, which cannot be ruled out: after many rounds they might still make keys such as ${quote(cycle.key)}. Use each variable once in the key, or leave the results out`,
      ];
    case 'too-complex':
      return [
        'too-complex',
        `may make a loop of ${names}: their globs are too complex to prove that it does not. Simplify them, or leave the results out`,
      ];
  }
}

function formatSteps(steps: readonly Step[]): string {
  const objects = [...steps.map(({ source }) => source), ...steps.slice(-1).map(({ target }) => target)];
  const buckets = objects.map(({ bucket }) => bucket);
  return objects.map((object) => nameOf(object, buckets)).join(' → ');
}

/** How the rule is put right, in its own words. */
function adviceFor({ rule: index, output: i, prefix, suffix }: Writer, source: Source): string {
  const rule = source[index];
  const output = rule?.outputs[i];
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const [first] = output?.target.key.parts ?? [];
  const takesMore = rule?.match.key.every(({ text }) => !text.startsWith(folder));
  if (rule?.match.bucket === undefined && output?.target.bucket !== undefined) {
    return `Name the bucket of the uploads in match.bucket of ${quote(rule?.name ?? '')}.`;
  }
  if (first?.kind === 'text' && folder !== '' && takesMore) {
    return `Leave the results out, exclude: "${folder}**".`;
  }
  if (/[^.\w]|_/.test(suffix)) {
    return `Leave the results out, exclude: "**/*${suffix}".`;
  }
  return 'Save them under a folder that no rule takes, such as "derived/{dir}/…".';
}

function conditionsNote(rules: readonly number[], source: Source): string {
  const isConditional = rules.some((rule) => source[rule]?.match.size ?? source[rule]?.match.contentType);
  return isConditional
    ? ' (What size and content type a result has is not known beforehand, so conditions on them do not count.)'
    : '';
}

export function describeCollision({ first, second, sources, target }: Collision, source: Source): Diagnostic {
  const [one, two] = sources.map((object) => nameOf(object));
  const other = `output ${first.output} of ${ruleNames(source, [first.rule])}`;
  if (two !== undefined) {
    const message = `${one} and ${two} both become ${nameOf(target)}: the later one stays`;
    const hint = '{key}, or {dir}, {name} and {ext}, keep them apart.';
    return atTarget(source, second, { severity: 'note', code: 'shared-target', message, hint });
  }
  if (one !== undefined) {
    const message = `${one} is saved as ${nameOf(target)}, and by ${other} as well`;
    return atTarget(source, second, { severity: 'error', code: 'collision', message });
  }
  const message = `saves some objects as ${other} saves others, such as ${nameOf(target)}: the later one stays`;
  return atTarget(source, second, { severity: 'warning', code: 'collision', message });
}

/** Warns of outputs that keep the key in another bucket, while the rule takes objects of any bucket. */
export function describeMirror(writer: Writer, source: Source): Diagnostic {
  const bucket = source[writer.rule]?.outputs[writer.output]?.target.bucket ?? '';
  const message = `saves onto its own source where uploads to ${bucket} call the function too; the function skips them then`;
  const hint = adviceFor(writer, source);
  return atTarget(source, writer, { severity: 'warning', code: 'own-source', message, hint });
}
