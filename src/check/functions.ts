import { fieldsOf, parseJson } from '../json.ts';
import { resolveEndpoint } from '../oss/endpoint.ts';
import { rulesFormat } from '../rules/rule-set.ts';
import { readSettings } from '../settings.ts';
import type { FunctionResource } from './deployment.ts';
import { type Diagnostic, error, warning } from './diagnostic.ts';
import { isOpen, textAt } from './variables.ts';

/** Settings that an earlier version read, and what to do instead. A version that drops one adds it here. */
const droppedSettings: Readonly<Record<string, string>> = {
  RULES: 'Put the rules into rules.yaml, which the build compiles, and remove RULES.',
};

/** Reports what would fail every invocation, call the function endlessly, or was for an earlier version. */
export function* checkFunctions(functions: readonly FunctionResource[]): Generator<Diagnostic> {
  for (const one of functions.filter(({ isOurs }) => isOurs)) {
    yield* checkRuntime(one);
    yield* checkSettings(one);
    yield* checkDestinations(one);
  }
}

function* checkRuntime({ path, runtime, handler }: FunctionResource): Generator<Diagnostic> {
  if (runtime !== undefined && !/^(nodejs20$|custom)/.test(runtime)) {
    const message = `expected nodejs20 or a custom runtime, received ${runtime}`;
    const hint = 'src/deploy/s.custom.yaml shows newer ones of Node.js.';
    yield error('runtime', [...path, 'runtime'], message, hint);
  }
  if (runtime?.startsWith('custom') !== true && handler !== undefined && handler !== 'index.handler') {
    // Users may have wrapped it in code of their own.
    yield warning('handler', [...path, 'handler'], `the build makes index.handler, not ${handler}`);
  }
}

/** Reads the settings as the function does, without those whose variables are not known. */
function* checkSettings({ path, environment }: FunctionResource): Generator<Diagnostic> {
  const known = Object.entries(environment).filter(([, value]) => !isOpen(value));
  try {
    const { region = 'cn-hangzhou', endpoint, cname } = readSettings(Object.fromEntries(known), '');
    if (known.length === Object.keys(environment).length) {
      resolveEndpoint({ region, endpoint, cname });
    }
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    yield error('setting', [...path, 'environmentVariables'], message);
  }
  for (const name of Object.keys(environment).filter((one) => droppedSettings[one] !== undefined)) {
    const message = `an earlier version read ${name}, this one does not`;
    const at = [...path, 'environmentVariables', name];
    yield error('dropped-setting', at, message, droppedSettings[name]);
  }
}

/** The record of an invocation contains its event, which the function would unpack and process again. */
function* checkDestinations({ path, name, destinations }: FunctionResource): Generator<Diagnostic> {
  for (const [kind, destination] of Object.entries(destinations)) {
    const arn = textAt(destination, 'destination') ?? '';
    const [, called] = /^acs:fc:.*\bfunctions\/([^/]+)/.exec(arn) ?? [];
    if (called === name) {
      const at = [...path, 'asyncInvokeConfig', 'destinationConfig', kind, 'destination'];
      const message = 'calls the function again with the event that it just handled, which never ends';
      yield error('destination-loop', at, message, 'Name a queue.');
    }
  }
}

/** Notes that the built rules in `file` have another format than this version writes. */
export function* checkBuiltRules(text: string, file: string): Generator<Diagnostic> {
  const { format, builtBy } = fieldsOf(parseJson(text));
  if (typeof builtBy === 'string' && format !== rulesFormat) {
    const build = `${file} was built by oss-saveas ${builtBy} in format ${format}`;
    const message = `${build}, this version reads format ${rulesFormat}`;
    const hint = 'A deployment rebuilds it; `npx oss-saveas build` does it now.';
    yield { severity: 'note', code: 'built-earlier', path: [], message, hint };
  }
}
