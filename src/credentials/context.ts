import type { Credentials } from '../oss/sign.ts';

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

/**
 * Credentials of the function's role, out of the `context` of one invocation: call it for each, they are temporary.
 * Throws when the function has no role (Function Compute help: "Context"; `credentials` is there only with one).
 */
export function credentialsFromContext(context: unknown): Credentials {
  const given = field(context, 'credentials');
  const [accessKeyId, accessKeySecret] = [field(given, 'accessKeyId'), field(given, 'accessKeySecret')];
  const securityToken = field(given, 'securityToken');
  const isComplete = typeof accessKeyId === 'string' && typeof accessKeySecret === 'string';
  if (!isComplete || accessKeyId === '' || accessKeySecret === '') {
    throw new Error(
      'the invocation brings no credentials: give the function a role (`role` in s.yaml) that may call oss:PostProcessTask on the source and oss:PutObject on the target',
    );
  }
  const pair = { accessKeyId, accessKeySecret };
  return typeof securityToken === 'string' && securityToken !== '' ? { ...pair, securityToken } : pair;
}
