import { resolve } from 'node:path';
import { readYaml } from '../compile/yaml.ts';
import { fieldsOf, isJsonObject, type JsonObject, parseJson, pick, textOf } from '../json.ts';
import { type Diagnostic, error, type Path } from './diagnostic.ts';

/** A trigger as the template has it. Texts whose variables stayed open still hold their `${…}`. */
export interface Trigger {
  path: Path;
  name: string;
  type: string;
  /** `acs:oss:<region>:<account>:<bucket>` of a native trigger, whose region and bucket are known where they are closed. */
  sourceArn?: string | undefined;
  region?: string | undefined;
  bucket?: string | undefined;
  invocationRole?: string | undefined;
  events: readonly string[];
  prefix?: string | undefined;
  suffix?: string | undefined;
  /** The event pattern of an EventBridge trigger, as JSON text. */
  pattern?: string | undefined;
  /** The source of its events: `Default` is the bus of Alibaba Cloud's own services, others are queues and the like. */
  eventSource?: string | undefined;
  isOff?: boolean | undefined;
}

/** A function that the template deploys; `path` leads to its `props`. */
export interface FunctionResource {
  path: Path;
  name: string;
  /** It runs what `oss-saveas build` made. */
  isOurs: boolean;
  region?: string | undefined;
  role?: string | undefined;
  /** The folder that is deployed, absolute. */
  codeDir: string;
  runtime?: string | undefined;
  handler?: string | undefined;
  /** Its environment variables. */
  environment: Readonly<Record<string, string>>;
  /** The ARNs that are told of its asynchronous invocations, by `onFailure` and `onSuccess`. */
  destinations: Readonly<Record<string, string>>;
  triggers: readonly Trigger[];
  /** Variables that stand for decisive parts and cannot be looked up: nobody set them, or their file is not there. */
  unknown: readonly UnknownPart[];
}

interface UnknownPart {
  path: Path;
  /** The variable as the template has it. */
  text: string;
}

interface TemplateOptions {
  /** The folder of the template, absolute. */
  dir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The text of a file that the template names; undefined where there is none. */
  readFile: (file: string) => string | undefined;
}

/**
 * Reads all functions of a Serverless Devs template (`s.yaml`, component fc3) from its plain data, resources extended by
 * the `template` that they name, and `${vars.…}`, `${env(…)}` and the like filled in. Ours are those that run the folder
 * `dist` or are named `oss-saveas`; where there is only one function, it is ours.
 */
export function readDeployment(template: unknown, { dir, ...options }: TemplateOptions): FunctionResource[] {
  const { vars, template: templates } = fieldsOf(
    fillIn(template, { values: fieldsOf(template), ...options }),
  );
  const named = Object.entries(fieldsOf(pick(template, 'resources')));
  const resources = Object.fromEntries(
    named.map(([id, resource]) => [id, extendResource(resource, templates)]),
  );
  const functions = Object.entries(resources).flatMap(([id, resource]) => {
    const values = { vars, resources, this: resource, that: resource };
    const props = fillIn(pick(resource, 'props'), { values, ...options });
    const isRead = isJsonObject(props) || isOpen(props);
    return isRead && isFunction(resource) ? [readFunction(id, props, dir)] : [];
  });
  return functions.map((one) => ({ ...one, isOurs: one.isOurs || functions.length === 1 }));
}

/** A resource with the props of the template that it names, fields left out that it ignores. */
function extendResource(resource: unknown, templates: unknown): unknown {
  const base = pick(templates, textAt(resource, 'extend', 'name') ?? '');
  const ignored = pick(resource, 'extend', 'ignore');
  const kept = Array.isArray(ignored) ? ignored.map(String).reduce(leaveOut, base) : base;
  return kept === undefined ? resource : extendTemplate({ props: kept }, resource);
}

/** The value without the field at a path such as `a.b`. */
function leaveOut(value: unknown, path: string): unknown {
  const [name = '', ...inner] = path.split('.');
  const { [name]: field, ...others } = fieldsOf(value);
  return inner.length === 0 || field === undefined
    ? others
    : { ...others, [name]: leaveOut(field, inner.join('.')) };
}

/** Other components of Serverless Devs, such as fc3-domain, have props as well; a path or a variable may name ours. */
function isFunction(resource: unknown): boolean {
  return !/^(?!fc3$)[\w-]+$/.test(textAt(resource, 'component') ?? 'fc3') && !isVersion2(resource);
}

function isVersion2(resource: unknown): boolean {
  return /^(devsapp\/)?fc(@.*)?$/.test(textAt(resource, 'component') ?? '');
}

/** Finds functions of the component's version 2, whose templates are others (Serverless Devs, "edition" 1.0.0 and 3.0.0). */
export function findVersion2(template: unknown): Diagnostic[] {
  return ['resources', 'services'].flatMap((section) =>
    Object.entries(fieldsOf(pick(template, section))).flatMap(([id, resource]) => {
      const component = textAt(resource, 'component');
      const message = `\`${component}\` is version 2 of the component, whose functions and triggers are not read here`;
      const hint =
        'Move it to fc3: `edition: 3.0.0`, `resources`, `component: fc3`, as `oss-saveas init` writes them.';
      return isVersion2(resource) ? [error('component', [section, id, 'component'], message, hint)] : [];
    }),
  );
}

function readFunction(id: string, props: unknown, dir: string): FunctionResource {
  const path = ['resources', id, 'props'];
  const name = textAt(props, 'functionName') ?? id;
  const code = resolve(dir, textAt(props, 'code') ?? '.');
  const settings = at(props, 'environmentVariables');
  return {
    path,
    name,
    isOurs: [name, id].includes('oss-saveas') || [resolve('dist'), resolve(dir, 'dist')].includes(code),
    region: closed(textAt(props, 'region')),
    role: textAt(props, 'role'),
    codeDir: code,
    runtime: closed(textAt(props, 'runtime')),
    handler: closed(textAt(props, 'handler')),
    environment: mapValues(settings, String),
    destinations: mapValues(pick(props, 'asyncInvokeConfig', 'destinationConfig'), (one) =>
      String(pick(one, 'destination')),
    ),
    triggers: itemsAt(props, 'triggers').map((trigger, i) => readTrigger(trigger, [...path, 'triggers', i])),
    unknown: [
      ...findOpen(at(props, 'triggers'), [...path, 'triggers']),
      ...findOpen(at(props, 'asyncInvokeConfig'), [...path, 'asyncInvokeConfig']),
      // A single setting may well be open; how many there are has to be known.
      ...(isOpen(settings) ? findOpen(settings, [...path, 'environmentVariables']) : []),
    ],
  };
}

function mapValues(fields: unknown, textOfValue: (value: unknown) => string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(fields)).map(([name, value]) => [name, textOfValue(value)]),
  );
}

/** Reads a trigger of a template, or of Function Compute's API, which has `triggerConfig` as JSON text. */
export function readTrigger(trigger: unknown, path: Path): Trigger {
  const field = at(trigger, 'triggerConfig');
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
    events: itemsAt(config, 'events').map(String),
    prefix: textAt(config, 'filter', 'key', 'prefix'),
    suffix: textAt(config, 'filter', 'key', 'suffix'),
    pattern: textAt(config, 'eventRuleFilterPattern'),
    eventSource: textAt(config, 'eventSourceConfig', 'eventSourceType'),
    isOff: pick(config, 'triggerEnable') === false || undefined,
  };
}

/** The value at a path of field names; where the way there leads into a variable that stayed open, that variable. */
function at(value: unknown, ...names: string[]): unknown {
  return names.reduce((inner, name) => (isOpen(inner) ? inner : pick(inner, name)), value);
}

const textAt = (value: unknown, ...path: string[]) => textOf(at(value, ...path));

/** The items of a list; a variable that stayed open may stand for any. */
function itemsAt(value: unknown, name: string): unknown[] {
  const items = at(value, name);
  return Array.isArray(items) ? items : isOpen(items) ? [items] : [];
}

/** Lists the variables that stayed open in the place of a whole value, however deep. */
function findOpen(value: unknown, path: Path): UnknownPart[] {
  if (typeof value === 'string') {
    return /^\$\{[^}]*\}$/.test(value) ? [{ path, text: value }] : [];
  }
  return Array.isArray(value)
    ? value.flatMap((item, i) => findOpen(item, [...path, i]))
    : Object.entries(fieldsOf(value)).flatMap(([name, inner]) => findOpen(inner, [...path, name]));
}

/** The text, unless a variable in it stayed open. */
export function closed(text: string | undefined): string | undefined {
  return isOpen(text) ? undefined : text;
}

function isOpen(value: unknown): value is string {
  return typeof value === 'string' && value.includes('${');
}

interface Variables extends Omit<TemplateOptions, 'dir'> {
  /** The fields that paths such as `vars.region` begin with. */
  values: JsonObject;
}

/**
 * Fills in `${env('NAME', 'default')}`, `${vars.name}` and the other paths, and `${json(file('path'))}` as Serverless Devs
 * does (its package art-template, devs-compile), at any depth, and `${config('AccountID')}` from the environment; others
 * stay as they stand.
 */
function fillIn(value: unknown, variables: Variables, depth = 0): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => fillIn(item, variables, depth));
  }
  if (isJsonObject(value)) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([name, inner]) => [name, fillIn(inner, variables, depth)]));
  }
  if (typeof value !== 'string' || depth > 8) {
    return value; // Variables may name variables, but not for ever.
  }
  const [, whole] = /^\$\{([^}]*)\}$/.exec(value) ?? [];
  if (whole !== undefined) {
    const found = lookUp(whole, variables);
    return found === undefined ? value : fillIn(found, variables, depth + 1);
  }
  return value.replace(/\$\{([^}]*)\}/g, (open, expression: string) => {
    const found = fillIn(lookUp(expression, variables), variables, depth + 1);
    return typeof found === 'string' || typeof found === 'number' ? String(found) : open;
  });
}

function lookUp(expression: string, { values, env, readFile }: Variables): unknown {
  const [, path] = /^\s*((?:vars|resources|this|that)\.[\w.-]+)\s*$/.exec(expression) ?? [];
  if (path !== undefined) {
    return pick(values, ...path.split('.'));
  }
  const [, parser, file] =
    /^\s*(?:(json|yaml)\(\s*)?file\(\s*['"]?([^'"()]+?)['"]?\s*\)[\s)]*$/.exec(expression) ?? [];
  if (file !== undefined) {
    const text = readFile(file);
    return parser === undefined || text === undefined ? text : readYaml(text, file).value;
  }
  const call = /^\s*(?:env|config)\(\s*['"]?(\w+)['"]?(?:\s*,\s*['"]([^'"]*)['"])?\s*\)\s*$/.exec(expression);
  const [, name = '', preset] = call ?? [];
  return env[name] ?? preset;
}

/** Does what `extend` does: the fields of objects go into each other, all else replaces. */
export function extendTemplate(base: unknown, over: unknown): unknown {
  if (!isJsonObject(base) || !isJsonObject(over)) {
    return over ?? base;
  }
  const names = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(names.map((name) => [name, extendTemplate(base[name], over[name])]));
}
