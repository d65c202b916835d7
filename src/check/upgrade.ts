import { fieldsOf, parseJson } from '../json.ts';
import { rulesFormat } from '../rules/rule-set.ts';
import type { FunctionResource } from './deployment.ts';
import { type Diagnostic, error } from './diagnostic.ts';

/** Settings that an earlier version read, with what takes their place. A version that drops one names it here. */
const droppedSettings: Readonly<Record<string, string>> = {
  RULES: 'Put the rules into rules.yaml, which the build compiles, and take RULES out.',
};

/** Tells what of a deployment was written for an earlier version, and what to change. */
export function* checkUpgrade(functions: readonly FunctionResource[]): Generator<Diagnostic> {
  for (const { path, environment } of functions.filter(({ isOurs }) => isOurs)) {
    for (const name of Object.keys(environment)) {
      const hint = droppedSettings[name];
      if (hint !== undefined) {
        const message = `an earlier version read ${name}, this one does not`;
        const place = [...path, 'environmentVariables', name];
        yield error('dropped-setting', place, message, hint);
      }
    }
  }
}

/** Tells whether rules that lie built in `file` are of another format than this version writes. */
export function* checkBuiltRules(text: string, file: string): Generator<Diagnostic> {
  const { format, builtBy } = fieldsOf(parseJson(text));
  if (typeof builtBy === 'string' && format !== rulesFormat) {
    const message = `${file} was built by oss-saveas ${builtBy} in format ${format}, this version reads format ${rulesFormat}`;
    const hint = 'A deployment builds it anew; `npx oss-saveas build` does it now.';
    yield { severity: 'note', code: 'built-earlier', path: [], message, hint };
  }
}
