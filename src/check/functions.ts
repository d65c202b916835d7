import { resolveEndpoint } from '../oss/endpoint.ts';
import { readSettings } from '../settings.ts';
import { closed, type FunctionResource } from './deployment.ts';
import { type Diagnostic, error, warning } from './diagnostic.ts';

/** Tells what of our functions would fail every invocation, or call them without end. */
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
    // Somebody may have put code of their own around it.
    yield warning('handler', [...path, 'handler'], `the build makes index.handler, and no ${handler}`);
  }
}

/** Reads the settings as the function does, those that variables leave open aside. */
function* checkSettings({ path, environment }: FunctionResource): Generator<Diagnostic> {
  const known = Object.entries(environment).filter(([, value]) => closed(value) !== undefined);
  try {
    const { region = 'cn-hangzhou', endpoint, cname } = readSettings(Object.fromEntries(known), '');
    if (known.length === Object.keys(environment).length) {
      resolveEndpoint({ region, endpoint, cname });
    }
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    yield error('setting', [...path, 'environmentVariables'], message);
  }
}

/** A record of an invocation holds its event, which the function would open and work off once more. */
function* checkDestinations({ path, name, destinations }: FunctionResource): Generator<Diagnostic> {
  for (const [kind, arn] of Object.entries(destinations)) {
    const [, called] = /^acs:fc:.*\bfunctions\/([^/]+)/.exec(arn) ?? [];
    if (called === name) {
      const at = [...path, 'asyncInvokeConfig', 'destinationConfig', kind, 'destination'];
      const message = 'calls the function itself with the event that it just had, which never ends';
      yield error('destination-loop', at, message, 'Name a queue.');
    }
  }
}
