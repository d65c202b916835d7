import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extendTemplate, type FunctionResource, readDeployment } from '../../src/check/deployment.ts';

/** A variable as templates write it. */
const variable = (expression: string) => `\${${expression}}`;

const options = { dir: '/project', env: {} };

const read = (template: unknown, more: Partial<typeof options> = {}) =>
  readDeployment(template, { ...options, ...more });

const only = (props: object, vars: object = {}, env: Record<string, string> = {}): FunctionResource => {
  const [first, ...others] = read({ vars, resources: { f: { props } } }, { env });
  if (first === undefined || others.length > 0) {
    throw new Error(`${others.length} functions`);
  }
  return first;
};

const resourcesOf = (...all: object[]) => ({
  resources: Object.fromEntries(all.map((props, i) => [`r${i}`, { props }])),
});

describe('a deployment', () => {
  it.each<[string, object, object[], boolean[]]>([
    ['the folder of the build', {}, [{ code: './video' }, { code: './dist' }], [false, true]],
    [
      'the same folder, seen from a template elsewhere',
      { dir: resolve('src/deploy') },
      [{ code: '.' }, { code: '../../dist' }],
      [false, true],
    ],
    [
      'its name',
      {},
      [
        { functionName: 'video', code: 'v' },
        { functionName: 'oss-saveas', code: 'w' },
      ],
      [false, true],
    ],
    ['its being the only one', {}, [{ functionName: 'pictures', code: 'code' }], [true]],
    ['nothing, where no function of several is', {}, [{ code: 'a' }, { code: 'b' }], [false, false]],
  ])('our function in s.yaml is known by %s', (_, more, functions, expected) => {
    expect(read(resourcesOf(...functions), more).map(({ isOurs }) => isOurs)).toEqual(expected);
  });

  it('our function in s.yaml is known by the name of its resource', () => {
    const functions = read({ resources: { other: { props: {} }, 'oss-saveas': { props: {} } } });

    expect(functions.map(({ isOurs }) => isOurs)).toEqual([false, true]);
  });

  it('the reader of s.yaml leaves out what is no function', () => {
    expect(read({ resources: { a: 1, b: {}, c: { props: 'text' } } })).toEqual([]);
    expect(read('no template')).toEqual([]);
  });

  it.each([
    [variable('vars.region'), 'cn-hangzhou'],
    [variable("env('REGION')"), 'cn-shanghai'],
    [variable('env(REGION)'), 'cn-shanghai'],
    [variable("env('UNSET', 'cn-beijing')"), 'cn-beijing'],
    [variable(' vars.nested.region '), 'cn-shanghai'],
    [`cn-${variable('vars.city')}`, 'cn-hangzhou'],
    [variable("env('UNSET')"), undefined],
    [variable('vars.loop'), undefined],
    [variable('vars.missing'), undefined],
  ])('the reader of s.yaml fills in %s', (region, expected) => {
    const vars = {
      region: 'cn-hangzhou',
      city: 'hangzhou',
      loop: variable('vars.loop'),
      nested: { region: variable("env('REGION')") },
    };

    expect(only({ region }, vars, { REGION: 'cn-shanghai' }).region).toBe(expected);
  });

  it('the reader of s.yaml fills in whole lists and objects, in any field', () => {
    const trigger = {
      triggerType: variable('vars.type'),
      triggerConfig: { events: [variable('vars.event')] },
    };
    const vars = { triggers: [trigger], type: 'oss', event: 'oss:ObjectCreated:PutObject' };

    const { triggers } = only({ triggers: variable('vars.triggers') }, vars);

    expect(triggers).toMatchObject([{ type: 'oss', events: ['oss:ObjectCreated:PutObject'] }]);
  });

  it('the reader of s.yaml reads a native trigger with what its variables leave open', () => {
    const { triggers } = only({
      triggers: [
        {
          triggerName: 't',
          triggerType: 'oss',
          sourceArn: `acs:oss:${variable('vars.region')}:${variable("config('AccountID')")}:photos`,
          invocationRole: 'r',
          triggerConfig: { events: ['e'], filter: { key: { prefix: 'in/', suffix: '' } } },
        },
      ],
    });

    expect(triggers).toEqual([
      {
        path: ['resources', 'f', 'props', 'triggers', 0],
        name: 't',
        type: 'oss',
        sourceArn: `acs:oss:${variable('vars.region')}:${variable("config('AccountID')")}:photos`,
        region: undefined,
        bucket: 'photos',
        invocationRole: 'r',
        events: ['e'],
        prefix: 'in/',
        suffix: '',
        pattern: undefined,
      },
    ]);
  });

  it.each([
    [variable('resources.g.props.region'), 'cn-shanghai'],
    [variable('this.props.region2'), 'cn-beijing'],
    [variable('that.props.region2'), 'cn-beijing'],
    [`cn-${variable('resources.g.props.city')}`, 'cn-shenzhen'],
    [variable('resources.g.props.missing'), undefined],
  ])('the reader of s.yaml fills in what another place of the resources has: %s', (region, expected) => {
    const functions = read({
      resources: {
        f: { props: { region, region2: 'cn-beijing' } },
        g: { props: { region: 'cn-shanghai', city: 'shenzhen' } },
      },
    });

    expect(functions[0]?.region).toBe(expected);
  });

  it('the reader of s.yaml extends a resource by a template of the same file, as Serverless Devs does', () => {
    const functions = read({
      template: {
        base: { region: 'cn-hangzhou', role: 'r', triggers: [{}], environmentVariables: { A: '1', B: '1' } },
      },
      resources: {
        f: {
          extend: { name: 'base', ignore: ['role', 'triggers'] },
          props: { environmentVariables: { A: '2' } },
        },
        g: { extend: { name: 'base' } },
      },
    });

    expect(functions).toMatchObject([
      { name: 'f', region: 'cn-hangzhou', role: undefined, triggers: [], environment: { A: '2', B: '1' } },
      { name: 'g', role: 'r', triggers: [{ type: '' }], environment: { A: '1', B: '1' } },
    ]);
  });

  it('the reader of s.yaml extends a template as Serverless Devs does', () => {
    expect(extendTemplate({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] } })).toEqual({ a: { b: 1, c: [3] } });
  });
});
