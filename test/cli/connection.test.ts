import { describe, expect, it } from 'vitest';
import { withConnection } from '../../src/cli/connection.ts';
import { createIo } from './terminal.ts';

const keys = { OSS_ACCESS_KEY_ID: 'id', OSS_ACCESS_KEY_SECRET: 'secret' };

async function connect(values: Parameters<typeof withConnection>[0], env: Record<string, string> = keys) {
  const { io, written } = createIo(env);
  const found = await withConnection(values, io, async ({ settings, endpoint, credentials }) => ({
    region: settings.region,
    endpoint: `${endpoint.scheme}://${endpoint.host}`,
    ...(await credentials()),
  }));
  return { ...found, said: written.err };
}

describe('a connection', () => {
  it('a connection takes options before the environment', async () => {
    const env = { ...keys, OSS_REGION: 'cn-shanghai', OSS_ENDPOINT: 'http://127.0.0.1:1' };

    expect(await connect({ region: 'cn-hangzhou' }, env)).toMatchObject({
      region: 'cn-hangzhou',
      endpoint: 'http://127.0.0.1:1',
    });
  });

  it('a connection takes the credentials of Serverless Devs where OSS has none of its own', async () => {
    const devs = { AccessKeyID: 'devs', AccessKeySecret: 'devs-secret' };

    expect(await connect({ region: 'cn-hangzhou' }, devs)).toMatchObject({ accessKeyId: 'devs' });
    expect(await connect({ region: 'cn-hangzhou' }, { ...devs, ...keys })).toMatchObject({
      accessKeyId: 'id',
    });
  });

  it.each([
    [{ ...keys, AccessKeyID: 'devs', AccessKeySecret: 'devs-secret', SecurityToken: 'token' }, 'id secret'],
    [{ AccessKeyID: 'devs', AccessKeySecret: 'devs-secret', OSS_SESSION_TOKEN: 'token' }, 'devs devs-secret'],
    [{ AccessKeyID: 'devs', AccessKeySecret: 'devs-secret', OSS_ACCESS_KEY_SECRET: 'x' }, 'devs devs-secret'],
  ])(
    'a connection takes an access key with the secret and token of its own source alone: %j',
    async (env, expected) => {
      const { accessKeyId, accessKeySecret, securityToken } = await connect({ region: 'cn-hangzhou' }, env);

      expect(`${accessKeyId} ${accessKeySecret}`).toBe(expected);
      expect(securityToken).toBeUndefined();
    },
  );

  it('a connection finds the local stack with its own key, whatever the environment says', async () => {
    const env = { ...keys, OSS_REGION: 'cn-shanghai', OSS_ENDPOINT: 'https://oss-cn-shanghai.aliyuncs.com' };

    expect(await connect({ local: true }, env)).toMatchObject({
      endpoint: 'http://127.0.0.1:9000',
      accessKeyId: 'local',
    });
    expect(await connect({ local: true, endpoint: 'http://127.0.0.1:9001' }, env)).toMatchObject({
      endpoint: 'http://127.0.0.1:9001',
    });
  });

  it.each([
    ['cn-hangzhou-internal', 'such as cn-hangzhou'],
    ['cn-hangzhou-vpc', 'such as cn-hangzhou'],
    ['oss-cn-beijing', 'such as cn-beijing'],
    ['oss-cn-beijing-internal', 'such as cn-beijing'],
    ['hangzhou', 'such as cn-hangzhou'],
    ['CN-HANGZHOU', 'such as cn-hangzhou'],
    ['-', 'such as cn-hangzhou'],
  ])('a connection asks for the plain id in place of the region %s', async (region, such) => {
    await expect(connect({ region })).rejects.toThrow(
      `region "${region}": expected a plain region id ${such}`,
    );
  });

  it.each(['cn-hangzhou', 'ap-southeast-1', 'us-west-1', 'cn-shanghai-finance-1', 'me-central-1'])(
    'a connection takes the region %s',
    async (region) => {
      expect((await connect({ region })).region).toBe(region);
    },
  );

  it.each([
    [
      'https://photos.oss-cn-hangzhou.aliyuncs.com',
      'holds a bucket already: expected oss-cn-hangzhou.aliyuncs.com',
    ],
    ['photos.oss-cn-hangzhou-internal.aliyuncs.com', 'holds a bucket already'],
    ['https://oss-cn-shanghai.aliyuncs.com', 'is in cn-shanghai, not in cn-hangzhou'],
  ])('a connection refuses the endpoint %s in words', async (endpoint, message) => {
    await expect(connect({ region: 'cn-hangzhou', endpoint })).rejects.toThrow(message);
  });

  it.each([
    'https://oss-cn-hangzhou-internal.aliyuncs.com',
    'https://oss-accelerate.aliyuncs.com',
    'http://127.0.0.1:9',
  ])('a connection takes the endpoint %s without a word', async (endpoint) => {
    expect(await connect({ region: 'cn-hangzhou', endpoint })).toMatchObject({ endpoint, said: '' });
  });

  it('a connection says that an endpoint without a scheme is taken as https', async () => {
    const { endpoint, said } = await connect({
      region: 'cn-hangzhou',
      endpoint: 'oss-cn-hangzhou.aliyuncs.com',
    });

    expect(endpoint).toBe('https://oss-cn-hangzhou.aliyuncs.com');
    expect(said).toContain('names no scheme, so https:// is used');
  });
});
