import { didYouMean } from '../../did-you-mean.ts';
import { keyVariables, render, type Template, type Values, variablesOf } from '../../rules/template.ts';
import { createIssue, type Issue, type Path } from './issue.ts';
import type { Output } from './rule.ts';
import { combinations } from './vary.ts';

/*
 * What a schema of single fields cannot say about outputs. Templates are rendered with the `vary` values and a
 * stand-in for each key variable: what then reads the same is the same for every object.
 */

const standIns: Values = Object.fromEntries(keyVariables.map((name) => [name, `\0${name}\0`]));

/** The ways to write the source object's own key. */
const ownKeys = ['{key}', '{dir}/{base}', '{dir}/{name}.{ext}'].map((text) =>
  text.replace(/\{(\w+)\}/g, '\0$1\0'),
);

/** More outputs than this from one `style` is a slip in `vary`: each is a billed call to OSS for every upload. */
const maxCombinations = 100;

/** Whether `vary` stays within what one output may ask for; to be asked before `combinations`. */
export function checkVary(vary: Output['vary'], path: Path, issues: Issue[]): boolean {
  const count = Object.values(vary).reduce((product, values) => product * values.length, 1);
  if (count > maxCombinations) {
    issues.push(createIssue(path, `at most ${maxCombinations} combinations of values`, `${count}`));
  }
  return count <= maxCombinations;
}

/** Reports variables of a target key that do not exist. */
export function checkKey(key: Template, vary: Output['vary'], path: Path, issues: Issue[]): void {
  issues.push(...findVariableIssues(key, [...keyVariables, ...Object.keys(vary)], vary, path));
}

/**
 * Reports what is wrong with a style under any of the `vary` values: a variable that does not exist, one that
 * stands bare although an upload decides what it holds (a key such as `a|sys/saveas,o_…` would become part of
 * the process; in `{b64:…}` it is only text), a save-as of its own, a style name that cannot exist.
 */
export function checkStyle(style: Template, vary: Output['vary'], path: Path, issues: Issue[]): void {
  const found = findVariableIssues(style, Object.keys(vary), vary, path);
  issues.push(...found);
  if (found.length > 0) {
    return;
  }
  for (const choice of combinations(vary)) {
    const rendered = render(style.parts, { ...standIns, ...choice });
    if (rendered.includes('sys/saveas')) {
      const offset = Math.max(0, style.text.indexOf('sys/saveas'));
      issues.push(createIssue(path, 'no sys/saveas (target says where to save)', '"sys/saveas"', { offset }));
      return;
    }
    const [, name] = /^style\/(.*)$/s.exec(rendered) ?? [];
    // OSS help, "Styles": a style name is 1 to 63 letters, digits, "_", "-" and ".".
    if (name !== undefined && !/^[\w.-]{1,63}$/.test(name)) {
      const expected = 'a style name of 1 to 63 letters, digits, "_", "-" and "."';
      issues.push(createIssue(path, expected, JSON.stringify(name), { offset: 'style/'.length }));
      return;
    }
  }
}

/** Issues of variables that do not exist, or that stand outside `{b64:…}` without being among `bare`. */
function findVariableIssues(template: Template, bare: string[], vary: Output['vary'], path: Path): Issue[] {
  const known = [...keyVariables, ...Object.keys(vary)];
  return variablesOf(template.parts)
    .filter(({ name, inB64 }) => !(inB64 ? known : bare).includes(name))
    .map(({ name, offset }) => {
      const [expected, hint] = known.includes(name)
        ? [`{${name}} only inside {b64:…} (variables of vary may stand anywhere)`, '']
        : [`one of {${known.join('}, {')}}`, didYouMean(name, known)];
      return createIssue(path, expected, `"{${name}}"${hint}`, { offset });
    });
}

/** Reports an output that would overwrite the very object it is made from. */
export function checkOwnSource(
  { bucket, key }: { bucket: string | undefined; key: Template },
  sourceBuckets: readonly string[],
  path: Path,
  issues: Issue[],
): void {
  if (bucket !== undefined && !sourceBuckets.includes(bucket)) {
    return;
  }
  if (!ownKeys.includes(render(key.parts, standIns))) {
    return;
  }
  issues.push(createIssue(path, 'a key other than that of the source object', JSON.stringify(key.text)));
}

/** Reports outputs of one rule that would overwrite each other; those not read are left out. */
export function checkCollisions(
  outputs: readonly (Output | undefined)[],
  sourceBuckets: readonly string[],
  path: Path,
  issues: Issue[],
): void {
  const writers = new Map<string, number>();
  outputs.forEach((output, i) => {
    if (output === undefined) {
      return;
    }
    const { bucket = sourceBuckets.length === 1 ? sourceBuckets[0] : '', key } = output.target;
    for (const choice of combinations(output.vary)) {
      const target = `${bucket}/${render(key.parts, { ...standIns, ...choice })}`;
      const other = writers.get(target);
      if (other === undefined) {
        writers.set(target, i);
        continue;
      }
      issues.push(collision(output, i, other, [...path, i, 'target', 'key']));
      return;
    }
  });
}

function collision({ vary, target }: Output, index: number, other: number, path: Path): Issue {
  const received = JSON.stringify(target.key.text);
  if (other !== index) {
    return createIssue(path, 'a key of its own', `${received}, where outputs[${other}] saves as well`);
  }
  const used = variablesOf(target.key.parts).map(({ name }) => name);
  const missing = Object.keys(vary).filter((name) => (vary[name] ?? []).length > 1 && !used.includes(name));
  const expected =
    missing.length > 0
      ? `{${missing.join('} and {')}} in the key, so that each`
      : 'values that differ, so that each';
  return createIssue(path, `${expected} of the ${combinations(vary).length} outputs has its own`, received);
}
