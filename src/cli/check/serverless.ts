import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Path } from '../../check/old/issue.ts';
import { type Locate, readYaml } from '../../check/old/load.ts';
import { isJsonObject, type JsonObject, pick } from '../../json.ts';
import { CliError, type Io } from '../command.ts';
import type { Remark } from './remark.ts';

/** A trigger as `s.yaml` has it; what a variable left open is undefined. */
export interface Trigger {
  path: Path;
  type: string;
  name: string;
  /** The account stands as it is written, mostly as a variable. */
  arn?: { text: string; region?: string; account: string; bucket?: string };
  invocationRole?: string;
  events?: readonly string[];
  prefix?: string;
  suffix?: string;
  /** Of EventBridge. */
  pattern?: string;
}

/** What `s.yaml` says that the rules depend on. */
export interface Deployment {
  file: string;
  locate: Locate;
  region?: string;
  propsPath: Path;
  hasRole: boolean;
  triggers: Trigger[];
}

/**
 * Reads the function of an `s.yaml` (Serverless Devs 3, component fc3), its `env()` and `vars` filled in. Undefined where
 * `isOptional` and there is none, or where it is no YAML, which becomes a remark.
 */
export async function readServerless(
  file: string,
  { env, isOptional }: { env: Io['env']; isOptional: boolean },
  remarks: Remark[],
): Promise<Deployment | undefined> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    if (isOptional) {
      return undefined;
    }
    throw new CliError(`--s-yaml: ${error.message}`);
  });
  if (text === undefined) {
    return undefined;
  }
  const { problems, source, locate } = readYaml(text, file);
  remarks.push(...problems.map((issue): Remark => ({ severity: 'error', code: 's-yaml', issue })));
  if (problems.length > 0) {
    return undefined;
  }
  const extended = pick(source, 'extend');
  const base =
    typeof extended === 'string'
      ? readYaml(await readFile(join(dirname(file), extended), 'utf8'), extended).source
      : {};
  const document = merge(base, source);
  const fill = (value: unknown) => fillIn(value, document, env);
  const resources = Object.entries(asObject(pick(document, 'resources')));
  const found =
    resources.find(([, resource]) => Array.isArray(pick(resource, 'props', 'triggers'))) ?? resources[0];
  const props = asObject(pick(found?.[1], 'props'));
  const propsPath = ['resources', found?.[0] ?? '', 'props'];
  const triggers = (Array.isArray(props.triggers) ? props.triggers : []).map((trigger: unknown, i) =>
    readTrigger(asObject(trigger), [...propsPath, 'triggers', i], fill),
  );
  const region = known(fill(props.region));
  return {
    file,
    locate,
    propsPath,
    hasRole: props.role !== undefined,
    triggers,
    ...(region !== undefined && { region }),
  };
}

function readTrigger(trigger: JsonObject, path: Path, fill: (value: unknown) => unknown): Trigger {
  const text = (...names: string[]) => {
    const value = fill(pick(trigger, ...names));
    return typeof value === 'string' ? value : undefined;
  };
  const events = pick(trigger, 'triggerConfig', 'events');
  const prefix = text('triggerConfig', 'filter', 'key', 'prefix');
  const suffix = text('triggerConfig', 'filter', 'key', 'suffix');
  const sourceArn = text('sourceArn');
  const invocationRole = text('invocationRole');
  const pattern = text('triggerConfig', 'eventRuleFilterPattern');
  return {
    path,
    type: text('triggerType') ?? '',
    name: text('triggerName') ?? '',
    ...(sourceArn !== undefined && { arn: readArn(sourceArn) }),
    ...(invocationRole !== undefined && { invocationRole }),
    ...(Array.isArray(events) && { events: events.map(String) }),
    ...(prefix !== undefined && { prefix }),
    ...(suffix !== undefined && { suffix }),
    ...(pattern !== undefined && { pattern }),
  };
}

/** `acs:oss:<region>:<account>:<bucket>`; a variable may hold colons of its own. */
function readArn(text: string): NonNullable<Trigger['arn']> {
  const [, , region, account = '', bucket] = text.match(/(?:\$\{[^}]*\}|[^:])+/g) ?? [];
  const [plainRegion, plainBucket] = [known(region), known(bucket)];
  return {
    text,
    account,
    ...(plainRegion && { region: plainRegion }),
    ...(plainBucket && { bucket: plainBucket }),
  };
}

/** The text, unless a variable in it was left open. */
export function known(text: unknown): string | undefined {
  return typeof text === 'string' && !text.includes('${') ? text : undefined;
}

/** Fills in `${env('NAME', 'default')}` and `${vars.name}` as Serverless Devs does; others are left as they stand. */
function fillIn(value: unknown, document: unknown, env: Io['env'], depth = 0): unknown {
  if (typeof value !== 'string' || depth > 4) {
    return value;
  }
  return value.replace(
    /\$\{\s*(?:env\('(\w+)'(?:\s*,\s*'([^']*)')?\)|vars\.([\w.]+))\s*\}/g,
    (whole, name, preset, path) => {
      const found =
        name === undefined
          ? fillIn(pick(document, 'vars', ...String(path).split('.')), document, env, depth + 1)
          : (env[name] ?? preset);
      return typeof found === 'string' ? found : whole;
    },
  );
}

/** As `extend` does: objects into each other, all else replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isJsonObject(base) || !isJsonObject(over)) {
    return over ?? base;
  }
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(names.map((name) => [name, merge(base[name], over[name])]));
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
