import { describe, expect, it } from 'vitest';
import { fetchNode, platformVersion } from '../../node-binary.ts';
import { invokeJson, open, useLocalFunctionCompute, writePackage } from './fixture.ts';

useLocalFunctionCompute();

const commonJs = (body: string) => `exports.handler = async (event, context) => { ${body} };`;

describe('what a handler is given', () => {
  it('a handler is given the event as a Buffer of exactly the bytes sent', async () => {
    const { fc } = await open(commonJs('if (!Buffer.isBuffer(event)) throw new TypeError(); return event;'));
    const bytes = Buffer.from([0, 0xff, 0xe5, 0x9b, 0xbe, 0x0a]);

    const result = await fc.invoke(bytes);

    expect(result).toMatchObject({ status: 'succeeded', body: bytes });
  });

  it('a handler is given a context of the shape that Function Compute documents', async () => {
    const { fc } = await open(
      commonJs(`const { logger, tracing, ...data } = context;
        const methods = Object.keys(logger).filter((name) => typeof logger[name] === 'function');
        return { data, methods, baggages: tracing.parseOpenTracingBaggages() };`),
    );

    const seen = await invokeJson(fc);

    expect(seen).toEqual({
      data: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        credentials: { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' },
        function: { name: 'saveas', handler: 'index.handler', memory: 128, timeout: 15 },
        service: { logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
        region: 'cn-hangzhou',
        accountId: '1234567890123456',
      },
      methods: ['debug', 'info', 'warn', 'error', 'log'],
      baggages: {},
    });
  });

  it('a handler is given fresh credentials on every invocation, and only their three fields', async () => {
    let issued = 0;
    const credentials = async () => {
      issued += 1;
      return { accessKeyId: `STS.${issued}`, accessKeySecret: 's', securityToken: 't', expiration: 'never' };
    };
    const { fc } = await open(commonJs('return context.credentials;'), { credentials });

    const seen = [await invokeJson(fc), await invokeJson(fc)];

    expect(seen).toEqual([
      { accessKeyId: 'STS.1', accessKeySecret: 's', securityToken: 't' },
      { accessKeyId: 'STS.2', accessKeySecret: 's', securityToken: 't' },
    ]);
  });

  it('a handler runs on the Node.js that the local Function Compute was told to use', async () => {
    const nodeBinary = await fetchNode(platformVersion);
    const { fc } = await open(commonJs('return { version: process.version };'), { nodeBinary });

    expect(await invokeJson(fc)).toEqual({ version: `v${platformVersion}` });
  });

  it("a handler is given Function Compute's environment variables and its own, never ours", async () => {
    const codeDir = writePackage(commonJs('return { ...process.env, cwd: process.cwd() };'));
    const { fc } = await open(
      {},
      {
        codeDir,
        function: { environment: { OSS_ENDPOINT: 'http://127.0.0.1:9000', FC_REGION: 'reserved' } },
      },
    );

    const seen = await invokeJson(fc);

    expect(seen).toEqual({
      cwd: codeDir,
      FC_FUNC_CODE_PATH: codeDir,
      FC_REGION: 'cn-hangzhou',
      FC_ACCOUNT_ID: '1234567890123456',
      FC_FUNCTION_NAME: 'saveas',
      FC_FUNCTION_HANDLER: 'index.handler',
      FC_FUNCTION_MEMORY_SIZE: '128',
      FC_INSTANCE_ID: expect.stringMatching(/^c-/),
      TZ: 'UTC',
      PATH: expect.any(String),
      OSS_ENDPOINT: 'http://127.0.0.1:9000',
    });
  });
});

describe('what a handler answers', () => {
  it.each([
    ['an object as JSON', 'return { saved: 3 };', '{"saved":3}'],
    ['a string as it is', 'return "päckchen";', 'päckchen'],
    ['a number as text', 'return 42;', '42'],
    ['nothing as an empty body', '', ''],
  ])('what a handler answers travels back: %s', async (_, body, expected) => {
    const { fc } = await open(commonJs(body));

    const result = await fc.invoke(Buffer.from('{}'));

    expect(result).toMatchObject({ status: 'succeeded', body: Buffer.from(expected) });
  });

  it('a handler that throws answers an error with message, class name and stack', async () => {
    const { fc } = await open(
      `class DerivativeError extends Error {}\n${commonJs('throw new DerivativeError("1 of 3 failed");')}`,
    );

    const result = await fc.invoke(Buffer.from('{}'));

    expect(result).toMatchObject({
      status: 'failed',
      error: {
        errorMessage: '1 of 3 failed',
        errorType: 'DerivativeError',
        stackTrace: expect.arrayContaining([expect.stringContaining('index.js')]),
      },
    });
  });

  it('a handler that throws something else than an error answers an error with a message only', async () => {
    const { fc } = await open(commonJs('throw "oops";'));

    const result = await fc.invoke(Buffer.from('{}'));

    expect(result).toMatchObject({ status: 'failed', error: { errorMessage: 'oops' } });
  });
});

describe('a code package', () => {
  it('a code package may assign exports in a way that names none of them', async () => {
    const { fc } = await open('module.exports = Object.fromEntries([["handler", () => 1]]);');

    expect(await invokeJson(fc)).toBe(1);
  });

  it.each([
    ['without the file', { 'other.js': '' }, /Cannot find module '.*index.js'/],
    ['without the export', { 'index.js': '' }, /Handler 'handler' missing on module 'index'/],
    ['that breaks while loading', { 'index.js': 'throw new Error("no rules");' }, /no rules/],
  ])('a code package fails its invocations %s', async (_, files, message) => {
    const { fc } = await open(files);

    await expect(invokeJson(fc)).rejects.toThrow(message);
  });
});
