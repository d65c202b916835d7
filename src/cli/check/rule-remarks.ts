import { globAffixes, outputAffixes } from '../../check/old/affixes.ts';
import { type Collision, findCollisions } from '../../check/old/collisions.ts';
import { anyBucket, type Chain, findLoops, type Loop } from '../../check/old/loops.ts';
import type { Writer } from '../../check/old/reach.ts';
import type { Rule, RuleSet } from '../../check/old/rule.ts';
import { combinations } from '../../check/old/vary.ts';
import { render, splitKey, type Template, type Values } from '../../rules/template.ts';
import { checkStyle } from '../../style/check.ts';
import { planTargets } from './planner.ts';
import type { Say } from './remark.ts';

/** Everything about the rules that needs no other file: loops, collisions, styles, key lengths, where targets may be. */
export function remarkRules(rules: RuleSet, say: Say, region?: string): Chain[] {
  const { loops, chains } = findLoops(rules, planTargets);
  for (const loop of loops) {
    remarkLoop(rules, loop, say);
  }
  for (const collision of findCollisions(rules, planTargets)) {
    remarkCollision(collision, say);
  }
  rules.rules.forEach((rule, i) => {
    rule.outputs.forEach(({ style, vary, target }, j) => {
      const path = ['rules', i, 'outputs', j];
      remarkStyle(
        style,
        { rule, vary, ...(region !== undefined && { region }) },
        (severity, message, place) => say(severity, 'style', [...path, 'style'], message, place),
      );
      if (target.bucket !== undefined && !rule.match.bucket.includes(target.bucket)) {
        const message = `${target.bucket} has to be of the same account and region as the source's bucket`;
        say('info', 'other-bucket', [...path, 'target', 'bucket'], message, whole(target.bucket));
      }
    });
  });
  return chains;
}

const whole = (text: string) => ({ offset: 0, length: text.length });
const quote = (text: string) => `\`${text}\``;

/** The key, with its bucket where it is not the same all along. */
export function nameOf(
  { bucket, key }: { bucket: string; key: string },
  buckets: readonly string[] = [bucket],
): string {
  const isPlain = buckets.every((other) => other === bucket) && bucket === anyBucket;
  return quote(isPlain ? key : `oss://${bucket === anyBucket ? '<any bucket>' : bucket}/${key}`);
}

function remarkLoop({ rules }: RuleSet, loop: Loop, say: Say): void {
  const { kind, ruleIndex, outputIndex, steps, why } = loop;
  const rule = rules[ruleIndex];
  const output = rule?.outputs[outputIndex];
  if (rule === undefined || output === undefined) {
    return;
  }
  const path = ['rules', ruleIndex, 'outputs', outputIndex, 'target', 'key'];
  const mark = whole(output.target.key.text);
  const buckets = steps.flatMap(({ source, target }) => [source.bucket, target.bucket]);
  const [first, last] = [steps[0], steps.at(-1)];
  const keys = [...steps.map(({ source }) => source), ...(last ? [last.target] : [])];
  const chain = keys.map((key) => nameOf(key, buckets)).join(' → ');
  const advice = adviceOf(loop, rules);
  if (kind === 'loop') {
    say(
      'error',
      'loop',
      path,
      `makes a loop: ${chain} → matched again by \`${first?.rule}\`. ${advice}`,
      mark,
    );
  } else if (kind === 'own-source') {
    // Where only the target's own bucket would show it, that bucket has to trigger the function first.
    const isSure =
      last === undefined ||
      last.target.bucket === anyBucket ||
      rule.match.bucket.includes(last.target.bucket);
    const message = `saves onto its own source: ${chain}, the same object under \`${last?.rule}\`, which fails for good. ${advice}`;
    say(isSure ? 'error' : 'warning', 'own-source', path, message, mark);
  } else if (kind === 'ends') {
    const message = `leads back to its own rule, though not for ever: ${chain} → matched again by \`${first?.rule}\`. The function's guard leaves such results alone. ${advice}`;
    say('warning', 'own-output', path, message, mark);
  } else {
    const message = `may make a loop of ${loop.rules.slice(0, 5).map(quote).join(', ')}, which cannot be ruled out: ${why}. Say each variable once in the key, or leave the results out. ${advice}`;
    say('error', 'possible-loop', path, message, mark);
  }
}

/** How the rule is put right, in its own words. */
function adviceOf(loop: Loop, rules: readonly Rule[]): string {
  const rule = rules[loop.ruleIndex];
  const output = rule?.outputs[loop.outputIndex];
  if (rule === undefined || output === undefined) {
    return '';
  }
  const { prefix, suffixes } = outputAffixes(rule, output);
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const isOwnFolder =
    folder !== '' &&
    rule.match.key.every((glob) => !folder.startsWith(globAffixes(glob).prefix) || glob.prefix !== folder);
  const [suffix = ''] = suffixes;
  const last = output.target.key.parts.at(-1);
  const advice: string[] = [];
  if (rule.match.bucket.length === 0 && output.target.bucket !== undefined) {
    advice.push(`Name the bucket of the uploads in match.bucket of \`${rule.name}\``);
  } else if (isOwnFolder && output.target.key.parts[0]?.kind === 'text') {
    advice.push(`Leave the results out, exclude: "${folder}**"`);
  } else if (last?.kind === 'text' && /[^.\w]|_/.test(suffix)) {
    advice.push(`Leave the results out, exclude: "**/*${suffix}"`);
  } else {
    advice.push('Save them under a folder that no rule takes, such as "derived/{dir}/…"');
  }
  const isConditional = loop.rules.some((name) => {
    const match = rules.find((one) => one.name === name)?.match;
    return (
      match?.minBytes !== undefined || match?.maxBytes !== undefined || (match?.contentType.length ?? 0) > 0
    );
  });
  const note =
    ' (What size and content type a result has is not known beforehand, so conditions on them do not count.)';
  return `${advice}.${isConditional ? note : ''}`;
}

function remarkCollision({ first, second, sources: [a, b], target }: Collision, say: Say): void {
  const text = second.output.target.key.text;
  const path = ['rules', second.ruleIndex, 'outputs', second.outputIndex, 'target', 'key'];
  const names = [a, b].map((source) => nameOf(source));
  const other = (writer: Writer) => `output ${writer.outputIndex} of \`${writer.rule.name}\``;
  if (first === second) {
    const message = `${names.join(' and ')} both become ${nameOf(target)}: the later one stays. {key}, or {dir}, {name} and {ext}, keep them apart`;
    say('info', 'shared-target', path, message, whole(text));
  } else if (a === b) {
    say(
      'error',
      'collision',
      path,
      `${names[0]} is saved as ${nameOf(target)}, and by ${other(first)} as well`,
      whole(text),
    );
  } else {
    const message = `${names[1]} is saved as ${nameOf(target)}, and so is ${names[0]} by ${other(first)}`;
    say('warning', 'collision', path, message, whole(text));
  }
}

interface Context {
  rule: Rule;
  vary: Rule['outputs'][number]['vary'];
  region?: string;
}

/** Checks a style under all `vary` values, with a picture's key for the rest; each issue at its place in the template. */
function remarkStyle(
  { parts, text }: Template,
  { rule, vary, region }: Context,
  say: (
    severity: 'error' | 'warning' | 'info',
    message: string,
    place: { offset: number; length: number },
  ) => void,
): void {
  const key = 'uploads/photo.jpg';
  const given = {
    key,
    ...splitKey(key),
    bucket: 'photos',
    rule: rule.name,
    etag: '0',
    yyyy: '2026',
    mm: '01',
    dd: '01',
  };
  const said = new Set<string>();
  for (const choice of combinations(vary)) {
    const { rendered, originOf } = renderWithOrigins(parts, { ...given, ...choice }, text.length);
    // Outputs are made by ProcessObject, so what runs asynchronously only would fail at every upload.
    for (const { severity, span, message, hint } of checkStyle(rendered, {
      mode: 'sync',
      isSaved: true,
      region,
    })) {
      const { offset, length } = span ?? { offset: 0, length: rendered.length };
      const start = originOf(offset, false);
      const name = `${severity} ${start} ${message.replace(/\d+/g, '0')}`;
      if (said.has(name)) {
        continue;
      }
      said.add(name);
      const sentence = hint === undefined ? message : `${message}. ${hint}`;
      say(severity === 'note' ? 'info' : severity, sentence, {
        offset: start,
        length: Math.max(1, originOf(offset + length, true) - start),
      });
    }
  }
}

/** Renders, and says where in the template each character came from: of a variable, its start or its end. */
function renderWithOrigins(parts: Template['parts'], values: Values, templateLength: number) {
  let rendered = '';
  const spans = parts.map((part, i) => {
    const from = rendered.length;
    rendered += render([part], values);
    return { part, from, to: rendered.length, end: parts[i + 1]?.offset ?? templateLength };
  });
  const originOf = (offset: number, isEnd: boolean): number => {
    const span = spans.find(({ from, to }) =>
      isEnd ? offset > from && offset <= to : offset >= from && offset < to,
    );
    if (span === undefined) {
      return isEnd || spans.length > 0 ? templateLength : 0;
    }
    if (span.part.kind === 'text') {
      return span.part.offset + offset - span.from;
    }
    return isEnd ? span.end : span.part.offset;
  };
  return { rendered, originOf };
}
