import type { Credentials } from '../oss/sign.ts';

interface CredentialsChain {
  getCredentials(): Promise<{ accessKeyId?: string; accessKeySecret?: string; securityToken?: string }>;
}

/**
 * Credentials of a person's machine: OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN of `env`,
 * else the default chain of `@alicloud/credentials` (environment, OIDC, CLI profile, ECS role, URI), which is
 * loaded when first needed. The returned function may be called before every attempt: the chain keeps and
 * renews what is temporary. It rejects with one message naming the places to put credentials.
 */
export function createDefaultCredentials(
  env: Readonly<Record<string, string | undefined>>,
): () => Promise<Credentials> {
  let chain: CredentialsChain | undefined;
  let pending: Promise<Credentials> | undefined;

  async function askChain(): Promise<Credentials> {
    try {
      const { DefaultCredentialsProvider } = await import('@alicloud/credentials');
      chain ??= DefaultCredentialsProvider.builder().build();
      const { accessKeyId = '', accessKeySecret = '', securityToken } = await chain.getCredentials();
      return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
    } catch (cause) {
      // A chain that failed once asks only its last provider from then on.
      chain = undefined;
      throw new Error(
        'no credentials found: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or run `aliyun configure`',
        { cause },
      );
    }
  }

  return async () => {
    const { OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: accessKeySecret } = env;
    if (accessKeyId && accessKeySecret) {
      return { accessKeyId, accessKeySecret, securityToken: env.OSS_SESSION_TOKEN || undefined };
    }
    // One question at a time: while the chain looks for a provider, a second caller would get a wrong one.
    pending ??= askChain().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
