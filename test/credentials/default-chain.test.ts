import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDefaultCredentials } from '../../src/credentials/default-chain.ts';

beforeEach(() => {
  // The chain reads the real environment: nothing of this machine's may answer.
  vi.stubEnv('HOME', '/nonexistent');
  vi.stubEnv('ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'true');
  for (const name of [
    'ACCESS_KEY_ID',
    'ACCESS_KEY_SECRET',
    'SECURITY_TOKEN',
    'CREDENTIALS_URI',
    'CREDENTIALS_FILE',
  ]) {
    vi.stubEnv(`ALIBABA_CLOUD_${name}`, '');
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the credentials of a person', () => {
  it('the credentials of a person are taken from the OSS variables first', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'other');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'other');

    const ask = createDefaultCredentials({
      OSS_ACCESS_KEY_ID: 'ak',
      OSS_ACCESS_KEY_SECRET: 'sk',
      OSS_SESSION_TOKEN: 'token',
    });

    await expect(ask()).resolves.toEqual({
      accessKeyId: 'ak',
      accessKeySecret: 'sk',
      securityToken: 'token',
    });
  });

  it('the credentials of a person have no token when the variable is empty', async () => {
    const ask = createDefaultCredentials({
      OSS_ACCESS_KEY_ID: 'ak',
      OSS_ACCESS_KEY_SECRET: 'sk',
      OSS_SESSION_TOKEN: '',
    });

    await expect(ask()).resolves.toEqual({ accessKeyId: 'ak', accessKeySecret: 'sk' });
  });

  it('the credentials of a person come from the default chain otherwise, to all who ask at once', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'chain-ak');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'chain-sk');
    vi.stubEnv('ALIBABA_CLOUD_SECURITY_TOKEN', 'chain-token');

    const ask = createDefaultCredentials({ OSS_ACCESS_KEY_ID: 'only half' });

    const expected = {
      ...{ accessKeyId: 'chain-ak', accessKeySecret: 'chain-sk', securityToken: 'chain-token' },
    };
    await expect(Promise.all([ask(), ask(), ask()])).resolves.toEqual([expected, expected, expected]);
  });

  it('the credentials of a person are missed with a hint at where to put them, and found once they are there', async () => {
    const ask = createDefaultCredentials({});

    await expect(ask()).rejects.toThrow(
      'set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or run `aliyun configure`',
    );

    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'late-ak');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'late-sk');
    await expect(ask()).resolves.toMatchObject({ accessKeyId: 'late-ak' });
  });

  it('the credentials of a person are asked for by one question at a time, of one chain', async () => {
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_ID', 'chain-ak');
    vi.stubEnv('ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'chain-sk');
    const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
    let [active, most] = [0, 0];
    const provider = DefaultCredentialsProvider.builder().build();
    const original = Object.getPrototypeOf(provider).getCredentials;
    vi.spyOn(Object.getPrototypeOf(provider), 'getCredentials').mockImplementation(async function (
      this: unknown,
    ) {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
      return original.call(this);
    });
    const build = vi.spyOn(DefaultCredentialsProvider, 'builder');
    const ask = createDefaultCredentials({});

    await Promise.all([ask(), ask(), ask()]);
    await ask();

    expect(most).toBe(1);
    expect(build).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });
});
