import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkout, createCheckout } from './checkout.ts';

let checkout: Checkout;
beforeAll(async () => {
  checkout = await createCheckout();
});
afterAll(() => checkout.remove());

const expected = {
  region: 'cn-hangzhou',
  functionName: 'oss-saveas',
  description: 'Saves the derivatives of every object uploaded to OSS.',
  runtime: 'nodejs20',
  handler: 'index.handler',
  code: './dist',
  cpu: 0.1,
  memorySize: 128,
  diskSize: 512,
  timeout: 60,
  internetAccess: true,
  role: 'acs:ram::1234567890123456:role/oss-saveas',
  environmentVariables: { OSS_REGION: 'cn-hangzhou', CONCURRENCY: '2', LOG_LEVEL: 'info' },
  logConfig: 'auto',
  concurrencyConfig: { reservedConcurrency: 5 },
  asyncInvokeConfig: { maxAsyncRetryAttempts: 3, maxAsyncEventAgeInSeconds: 86_400 },
  triggers: [
    {
      triggerName: 'oss-upload',
      triggerType: 'oss',
      qualifier: 'LATEST',
      description: 'Objects that were written whole',
      sourceArn: 'acs:oss:cn-hangzhou:1234567890123456:my-photos',
      invocationRole: 'acs:ram::1234567890123456:role/aliyunosseventnotificationrole',
      triggerConfig: {
        events: ['PutObject', 'PostObject', 'CompleteMultipartUpload', 'CopyObject'].map(
          (name) => `oss:ObjectCreated:${name}`,
        ),
        filter: { key: { prefix: 'uploads/', suffix: '' } },
      },
    },
  ],
};

async function preview(
  env: Record<string, string | undefined> = {},
  template = 's.yaml',
  resource = 'oss-saveas',
) {
  const { exitCode, output } = await checkout.s(['preview', '-t', template, '-o', 'json'], env);
  if (exitCode !== 0) {
    throw new Error(output);
  }
  return JSON.parse(output.slice(output.search(/^\{$/m))).resources[resource].props;
}

describe('the template', () => {
  it('the template is complete with a region, a bucket and an access', async () => {
    const props = await preview();

    expect(props).toEqual(expected);
  });

  it.each(['OSS_REGION', 'OSS_BUCKET'])(
    'the template asks for %s by name where it is not set',
    async (name) => {
      const attempt = preview({ [name]: undefined });

      await expect(attempt).rejects.toThrow(name);
    },
  );

  it('the template takes a role of another name', async () => {
    const { role } = await preview({ OSS_ROLE: 'picture-role' });

    expect(role).toBe('acs:ram::1234567890123456:role/picture-role');
  });

  it.each([
    ['cn-shanghai', 5],
    ['cn-chengdu', 1],
    ['ap-southeast-1', 1],
  ])('the template keeps to the image quota of %s with %i instances', async (region, instances) => {
    const { concurrencyConfig, environmentVariables } = await preview({ OSS_REGION: region });

    expect(concurrencyConfig.reservedConcurrency).toBe(instances);
    expect(environmentVariables.OSS_REGION).toBe(region);
  });

  it('the template enables the on-failure destination by one line', async () => {
    const text = await readFile('s.yaml', 'utf8');
    await writeFile(
      join(checkout.dir, 's.enabled.yaml'),
      text.replace('# destinationConfig', 'destinationConfig'),
    );

    const { asyncInvokeConfig } = await preview({}, 's.enabled.yaml');
    const verified = await checkout.s(['verify', '-t', 's.enabled.yaml']);

    expect(asyncInvokeConfig.destinationConfig).toEqual({
      onFailure: {
        destination: 'acs:mns:cn-hangzhou:1234567890123456:/queues/oss-saveas-failed/messages',
      },
    });
    expect(verified).toMatchObject({ exitCode: 0 });
  });

  it.each([
    's.yaml',
    'src/deploy/eventbridge.yaml',
    'src/deploy/s.custom.yaml',
    'src/deploy/s.backfill.yaml',
  ])('the template passes verification as %s', async (template) => {
    const { exitCode, output } = await checkout.s(['verify', '-t', template]);

    expect(output).toContain('passed');
    expect(exitCode).toBe(0);
  });

  it.each([
    ['a misspelt property', 'diskSize: 512', 'diskSiez: 512'],
    ['a runtime that is not on offer', 'nodejs20', 'nodejs22'],
    ['a memory size between two steps', 'memorySize: 128', 'memorySize: 200'],
    ['a number in the environment', 'CONCURRENCY: "2"', 'CONCURRENCY: 2'],
    ['an event type that OSS does not know', 'ObjectCreated:PutObject', 'ObjectCreated:PutObjekt'],
    ['all event types at once, parts included', 'ObjectCreated:PutObject', 'ObjectCreated:*'],
    ['a filter without its suffix', 'suffix: ""', ''],
    ['a filter in the spelling of another component', 'prefix: uploads/', 'Prefix: uploads/'],
    ['a trigger without its role', 'invocationRole:', 'role:'],
    ['an event age beyond a week', 'maxAsyncEventAgeInSeconds: 86400', 'maxAsyncEventAgeInSeconds: 604801'],
  ])('the template fails verification with %s', async (_, found, broken) => {
    const text = await readFile('s.yaml', 'utf8');
    await writeFile(join(checkout.dir, 's.broken.yaml'), text.replace(found, broken));

    const { exitCode, output } = await checkout.s(['verify', '-t', 's.broken.yaml']);

    expect(text).toContain(found);
    expect(output).toContain('oss-saveas/props');
    expect(exitCode).toBe(1);
  });

  it('the template changes nothing but the trigger for EventBridge', async () => {
    const { code, triggers, ...rest } = await preview({}, 'src/deploy/eventbridge.yaml');

    const { code: _, triggers: __, ...others } = expected;
    expect(rest).toEqual(others);
    expect(code).toBe('../../dist');
    expect(triggers).toHaveLength(1);
    expect(triggers[0]).toMatchObject({ triggerType: 'eventbridge', triggerName: 'oss-upload' });
    expect(JSON.parse(triggers[0].triggerConfig.eventRuleFilterPattern)).toEqual({
      source: ['acs.oss'],
      type: expected.triggers[0]?.triggerConfig.events,
      subject: [{ prefix: 'acs:oss:cn-hangzhou:1234567890123456:my-photos/uploads/' }],
      data: { oss: { object: { key: [{ 'anything-but': { prefix: 'derived/' } }] } } },
    });
  });

  it('the template changes nothing but the runtime for a newer Node.js', async () => {
    const { code, runtime, layers, customRuntimeConfig, ...rest } = await preview(
      {},
      'src/deploy/s.custom.yaml',
    );

    const { code: _, runtime: __, ...others } = expected;
    expect(rest).toEqual(others);
    expect(code).toBe('../../dist');
    expect(runtime).toBe('custom.debian12');
    expect(layers).toEqual(['acs:fc:cn-hangzhou:official:layers/Nodejs24/versions/1']);
    expect(customRuntimeConfig).toEqual({
      command: ['/opt/nodejs24/bin/node'],
      args: ['/code/http.js'],
      port: 9000,
    });
  });

  it.each([
    ['cn-hangzhou', 10, '4'],
    ['eu-central-1', 2, '2'],
  ])(
    'the template has a function of its own for backfills, with %s keeping %i instances busy',
    async (region, instances, CONCURRENCY) => {
      const template = 'src/deploy/s.backfill.yaml';
      const props = await preview({ OSS_REGION: region }, template, 'oss-saveas-backfill');

      expect(props).toMatchObject({
        functionName: 'oss-saveas-backfill',
        role: expected.role,
        concurrencyConfig: { reservedConcurrency: instances },
        environmentVariables: { CONCURRENCY },
        asyncInvokeConfig: { asyncTask: true },
      });
      expect(props.triggers).toEqual([]);
    },
  );
});
