import type { SourceRule } from '../compile/compile.ts';
import type { OssObject } from '../process.ts';
import type { Collision } from './collisions.ts';
import type { Diagnostic } from './diagnostic.ts';
import { anyBucket, type Edge, type Writer } from './graph.ts';
import type { Cycle, CycleStep } from './loops.ts';
import type { UnsafeRemoval } from './removals.ts';

const quote = (text: string) => `\`${text}\``;
const namesOf = (rules: readonly SourceRule[]) =>
  rules
    .slice(0, 5)
    .map(({ name }) => quote(name))
    .join(', ');

/** Writes the key in quotes, with its bucket unless that is any. */
function nameOf({ bucket, key }: OssObject): string {
  return quote(bucket === anyBucket ? key : `oss://${bucket}/${key}`);
}

/** A diagnostic about the target key of an output. */
function atTarget(
  { rule, index, output }: Pick<Writer, 'rule' | 'index' | 'output'>,
  diagnostic: Pick<Diagnostic, 'severity' | 'code' | 'message' | 'hint'>,
): Diagnostic {
  const path = ['rules', rule.index, 'outputs', index, 'target', 'key'];
  return { ...diagnostic, path, span: { offset: 0, length: output.target.key.text.length } };
}

/** Says where a cycle begins and how it is broken; `writers` are all there are. */
export function describeCycle({ rules, steps }: Cycle, writers: readonly Writer[]): Diagnostic[] {
  const writer = steps[0]?.writer ?? writers.find(({ rule }) => rule === rules[0]);
  const isConditional = rules.some(({ match }) => match.size ?? match.contentType);
  const note = isConditional
    ? ' (What size and content type a result has is not known beforehand, so conditions on them do not count.)'
    : '';
  const [code, message] =
    steps.length > 0
      ? ['loop', `makes a loop: ${steps.map(formatStep).join('; ')}`]
      : [
          'too-complex',
          `may make a loop of ${namesOf(rules)}: their globs are too many or too complex to prove that it does not. Simplify them, or leave the results out`,
        ];
  return writer === undefined
    ? []
    : [atTarget(writer, { severity: 'error', code, message, hint: `${adviceFor(writer)}${note}` })];
}

function formatStep({ writer, taker, bucket, key }: CycleStep): string {
  return `${quote(writer.rule.name)} saves keys such as ${nameOf({ bucket, key })}, which ${quote(taker.name)} takes`;
}

/** How the rule is put right, in its own words. */
function adviceFor({ rule, output, prefix, suffix }: Writer): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const [first] = output.target.key.parts;
  if (rule.match.bucket === undefined && output.target.bucket !== undefined) {
    return `Name the bucket of the uploads in match.bucket of ${quote(rule.name)}.`;
  }
  if (
    first?.kind === 'text' &&
    folder !== '' &&
    rule.match.key.every(({ text }) => !text.startsWith(folder))
  ) {
    return `Leave the results out, exclude: "${folder}**".`;
  }
  return /[^.\w]|_/.test(suffix)
    ? `Leave the results out, exclude: "**/*${suffix}".`
    : 'Save them under a folder that no rule takes, such as "derived/{dir}/…".';
}

export function describeCollision({ first, second, sources, target }: Collision): Diagnostic {
  const [one, two] = sources.map((object) => nameOf(object));
  const other = `output ${first.index} of ${namesOf([first.rule])}`;
  if (two !== undefined) {
    const message = `${one} and ${two} both become ${nameOf(target)}: the later one stays`;
    const hint = '{key}, or {dir}, {name} and {ext}, keep them apart.';
    return atTarget(second, { severity: 'note', code: 'shared-target', message, hint });
  }
  if (one !== undefined) {
    const message = `${one} is saved as ${nameOf(target)}, and by ${other} as well`;
    return atTarget(second, { severity: 'error', code: 'collision', message });
  }
  const message = `saves some objects as ${other} saves others, such as ${nameOf(target)}: the later one stays`;
  return atTarget(second, { severity: 'warning', code: 'collision', message });
}

/** Refuses to delete what may belong to a source that is there. */
export function describeUnsafeRemoval(unsafe: UnsafeRemoval): Diagnostic {
  return atTarget(unsafe.writer, {
    severity: 'error',
    code: 'unsafe-removal',
    message: `\`onRemove: delete\` could take an output of another source along: ${explainUnsafe(unsafe)}`,
    hint: adviseOnUnsafe(unsafe),
  });
}

function adviseOnUnsafe(unsafe: UnsafeRemoval): string {
  if (unsafe.kind === 'other') {
    return 'Save them under folders of their own, or with endings of their own.';
  }
  return unsafe.kind === 'own' && unsafe.isOfDotNames
    ? 'Write {base} in the place of {name}, or leave names with a dot in front out, exclude: "**/.*".'
    : '{key}, or {dir}, {name} and {ext}, in this order and with a "/" or "." between, keep them apart.';
}

function explainUnsafe(unsafe: UnsafeRemoval): string {
  switch (unsafe.kind) {
    case 'own': {
      const { sources = [], target } = unsafe.example ?? {};
      const [one, two] = sources.map((object) => nameOf(object));
      return one === undefined || two === undefined || target === undefined
        ? `two sources may have the same target${unsafe.key === undefined ? '' : `, such as ${quote(unsafe.key)}`}`
        : `${one} and ${two} both become ${nameOf(target)}`;
    }
    case 'other': {
      const { rule, index } = unsafe.other;
      return `output ${index} of ${namesOf([rule])} saves under such keys too, as ${quote(unsafe.key)}`;
    }
    case 'too-complex':
      return 'the globs are too complex to prove that it does not';
  }
}

/** Warns of an output that keeps the key in another bucket, while its rule takes objects of any bucket. */
export function describeMirror(writer: Writer): Diagnostic {
  const message = `saves onto its own source where uploads to ${writer.output.target.bucket} call the function too; the function skips them then`;
  return atTarget(writer, { severity: 'warning', code: 'own-source', message, hint: adviceFor(writer) });
}

/** Warns of an output of an archive class that another rule wants to process. */
export function describeArchived({ writer: { rule, index, output }, taker }: Edge): Diagnostic {
  return {
    severity: 'warning',
    code: 'archived-source',
    message: `${quote(taker.name)} takes what is saved here, and OSS processes no object of class ${output.storageClass}`,
    hint: 'Leave the class to outputs that nothing is made of, or have a lifecycle rule of the bucket archive them later.',
    path: ['rules', rule.index, 'outputs', index, 'storageClass'],
  };
}
