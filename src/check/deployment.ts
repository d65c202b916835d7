import { resolve } from 'node:path';
import { fieldsOf, isJsonObject, type JsonObject, parseJson, pick } from '../json.ts';
import type { Path } from './diagnostic.ts';
import {
  closed,
  fillIn,
  findOpen,
  isOpen,
  itemsOf,
  type OpenVariable,
  textAt,
  type Variables,
  valueAt,
} from './variables.ts';

/** A trigger as the template has it. Texts with variables that are not known still contain their `${…}`. */
export interface Trigger {
  path: Path;
  name: string;
  type: string;
  /** `acs:oss:<region>:<account>:<bucket>` of a native trigger; `region` and `bucket` only if known. */
  sourceArn?: string | undefined;
  region?: string | undefined;
  bucket?: string | undefined;
  invocationRole?: string | undefined;
  events: readonly string[];
  prefix?: string | undefined;
  suffix?: string | undefined;
  /** The event pattern of an EventBridge trigger, as JSON text. */
  pattern?: string | undefined;
  /** The source of its events: `Default` is the bus of Alibaba Cloud's services, others are queues. */
  eventSource?: string | undefined;
  isOff?: boolean | undefined;
}

/** A function that the template deploys; `path` leads to its `props`. */
export interface FunctionResource {
  path: Path;
  name: string;
  /** Whether it runs what `oss-saveas build` made. */
  isOurs: boolean;
  region?: string | undefined;
  role?: string | undefined;
  /** The absolute path of the folder that is deployed. */
  codeDir: string;
  runtime?: string | undefined;
  handler?: string | undefined;
  environment: Readonly<Record<string, string>>;
  /** The destinations of its asynchronous invocations, by `onFailure` and `onSuccess`. */
  destinations: JsonObject;
  triggers: readonly Trigger[];
  /** Important parts that cannot be looked up: the variable is not set, or the value is in another file. */
  unknown: readonly OpenVariable[];
}

interface TemplateOptions extends Omit<Variables, 'values'> {
  /** The absolute path of the template's folder. */
  dir: string;
}

/**
 * Reads all functions of a Serverless Devs template (`s.yaml`, component fc3) from its plain data. It extends
 * resources by the `template` that they name, and fills in `${vars.…}`, `${env(…)}` and the like. Ours run
 * the folder `dist` or are named `oss-saveas`; if there is only one function, it is ours.
 */
export function readDeployment(template: unknown, { dir, ...options }: TemplateOptions): FunctionResource[] {
  const { vars, template: templates, ...others } = fieldsOf(template);
  const shared = fieldsOf(fillIn({ vars, templates }, { values: { vars }, ...options }));
  const named = Object.entries(fieldsOf(others.resources));
  const resources = Object.fromEntries(
    named.map(([id, resource]) => [id, extendResource(resource, shared.templates)]),
  );
  const functions = Object.entries(resources).flatMap(([id, resource]) => {
    const values = { vars: shared.vars, resources, this: resource, that: resource };
    const props = fillIn(pick(resource, 'props'), { values, ...options });
    const isRead = isJsonObject(props) || isOpen(props);
    return isRead && isFunction(resource) ? [readFunction(id, props, dir)] : [];
  });
  return functions.map((one) => ({ ...one, isOurs: one.isOurs || functions.length === 1 }));
}

/** A resource with the props of the template that it names, except those that it ignores. */
function extendResource(resource: unknown, templates: unknown): unknown {
  const base = pick(templates, textAt(resource, 'extend', 'name') ?? '');
  if (!isJsonObject(base)) {
    return base === undefined ? resource : extendTemplate({ props: base }, resource);
  }
  const ignored = itemsOf(pick(resource, 'extend', 'ignore'));
  const props = Object.fromEntries(Object.entries(base).filter(([name]) => !ignored.includes(name)));
  return extendTemplate({ props }, resource);
}

/** Components such as fc3-domain and fc have props too. A path or a variable may stand for ours. */
function isFunction(resource: unknown): boolean {
  const component = textAt(resource, 'component') ?? 'fc3';
  return !/^(?!fc3$)[\w-]+$/.test(component) && !/^(devsapp\/)?fc(@|$)/.test(component);
}

function readFunction(id: string, props: unknown, dir: string): FunctionResource {
  const path = ['resources', id, 'props'];
  const name = textAt(props, 'functionName') ?? id;
  const code = resolve(dir, textAt(props, 'code') ?? '.');
  const triggers = valueAt(props, 'triggers');
  const settings = valueAt(props, 'environmentVariables');
  const asyncInvokeConfig = valueAt(props, 'asyncInvokeConfig');
  // A single setting may be unknown without harm.
  const environmentVariables = isOpen(settings) ? settings : undefined;
  return {
    path,
    name,
    isOurs: [name, id].includes('oss-saveas') || [resolve('dist'), resolve(dir, 'dist')].includes(code),
    region: closed(textAt(props, 'region')),
    role: textAt(props, 'role'),
    codeDir: code,
    runtime: closed(textAt(props, 'runtime')),
    handler: closed(textAt(props, 'handler')),
    environment: Object.fromEntries(
      Object.entries(fieldsOf(settings)).map(([variable, value]) => [variable, String(value)]),
    ),
    destinations: fieldsOf(pick(asyncInvokeConfig, 'destinationConfig')),
    triggers: itemsOf(triggers).map((trigger, i) => readTrigger(trigger, [...path, 'triggers', i])),
    unknown: findOpen({ triggers, asyncInvokeConfig, environmentVariables }, path),
  };
}

/** Reads a trigger of a template, or of Function Compute's API, which has `triggerConfig` as JSON text. */
export function readTrigger(trigger: unknown, path: Path): Trigger {
  const field = valueAt(trigger, 'triggerConfig');
  const config = typeof field === 'string' ? (parseJson(field) ?? field) : field;
  const sourceArn = textAt(trigger, 'sourceArn');
  const [, , region, , bucket] = sourceArn?.match(/(?:\$\{[^}]*\}|[^:])+/g) ?? [];
  return {
    path,
    name: textAt(trigger, 'triggerName') ?? '',
    type: textAt(trigger, 'triggerType') ?? '',
    sourceArn,
    region: closed(region),
    bucket: closed(bucket),
    invocationRole: textAt(trigger, 'invocationRole'),
    events: itemsOf(valueAt(config, 'events')).map(String),
    prefix: textAt(config, 'filter', 'key', 'prefix'),
    suffix: textAt(config, 'filter', 'key', 'suffix'),
    pattern: textAt(config, 'eventRuleFilterPattern'),
    eventSource: textAt(config, 'eventSourceConfig', 'eventSourceType'),
    isOff: valueAt(config, 'triggerEnable') === false || undefined,
  };
}

/** Merges like `extend`: fields of objects are merged, anything else is replaced. */
export function extendTemplate(base: unknown, over: unknown): unknown {
  if (!isJsonObject(base) || !isJsonObject(over)) {
    return over ?? base;
  }
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(names.map((name) => [name, extendTemplate(base[name], over[name])]));
}
