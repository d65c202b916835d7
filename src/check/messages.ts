import type { OssObject } from '../process.ts';
import type { Diagnostic, Severity } from './diagnostic.ts';
import { anyBucket, pathTo, type Writer } from './graph.ts';
import type { Cycle, CycleStep } from './loops.ts';

const quote = (text: string) => `\`${text}\``;

export const nameOutput = ({ rule, index }: Writer) => `output ${index} of ${quote(rule.name)}`;

/** Quotes the key, with its bucket unless that can be any. */
export function nameObject({ bucket, key }: OssObject): string {
  return quote(bucket === anyBucket ? key : `oss://${bucket}/${key}`);
}

/** A diagnostic about the target key of an output. */
export function atTarget(
  writer: Writer,
  severity: Severity,
  code: string,
  message: string,
  hint?: string,
): Diagnostic {
  const span = { offset: 0, length: writer.output.target.key.text.length };
  return { severity, code, message, hint, path: pathTo(writer, 'target', 'key'), span };
}

/** Says where a cycle begins and how to break it. */
export function describeCycle({ writer, rules, steps }: Cycle): Diagnostic {
  const hint = adviceFor(writer);
  if (steps.length > 0) {
    return atTarget(writer, 'error', 'loop', `makes a loop: ${steps.map(formatStep).join('; ')}`, hint);
  }
  const names = rules.slice(0, 5).map(({ name }) => quote(name));
  const reason = 'their globs are too many or too complex to prove that it does not';
  const advice = 'Simplify them, or leave the results out';
  const message = `may make a loop of ${names.join(', ')}: ${reason}. ${advice}`;
  return atTarget(writer, 'error', 'too-complex', message, hint);
}

function formatStep({ writer, taker, ...object }: CycleStep): string {
  const [saver, next] = [writer.rule, taker].map(({ name }) => quote(name));
  return `${saver} saves keys such as ${nameObject(object)}, which ${next} takes`;
}

/** Advises how to change the rule, in its own terms. */
function adviceFor({ rule, output, prefix, suffix }: Writer): string {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const [first] = output.target.key.parts;
  if (rule.match.bucket === undefined && output.target.bucket !== undefined) {
    return `Name the bucket of the uploads in match.bucket of ${quote(rule.name)}.`;
  }
  const isApart = rule.match.key.every(({ text }) => !text.startsWith(folder));
  if (first?.kind === 'text' && folder !== '' && isApart) {
    return `Leave the results out, exclude: "${folder}**".`;
  }
  return /[^.\w]|_/.test(suffix)
    ? `Leave the results out, exclude: "**/*${suffix}".`
    : 'Save them under a folder that no rule takes, such as "derived/{dir}/…".';
}

/** Warns of an output that keeps the key in another bucket, while its rule takes objects of any bucket. */
export function describeMirror(writer: Writer): Diagnostic {
  const { bucket } = writer.output.target;
  const message = `saves onto its own source where uploads to ${bucket} call the function, which skips them`;
  return atTarget(writer, 'warning', 'own-source', message, adviceFor(writer));
}
