import { fieldsOf } from '../json.ts';
import type { Credentials } from '../oss/sign.ts';

/**
 * Credentials of the function's role, out of the `context` of one invocation: call it for each, they are temporary.
 * Throws when the function has no role (Function Compute help: "Context"; `credentials` is there only with one).
 */
export function credentialsFromContext(context: unknown): Credentials {
  const { accessKeyId, accessKeySecret, securityToken } = fieldsOf(fieldsOf(context).credentials);
  const isComplete = typeof accessKeyId === 'string' && typeof accessKeySecret === 'string';
  if (!isComplete || accessKeyId === '' || accessKeySecret === '') {
    throw new Error(
      'the invocation brings no credentials: give the function a role (`role` in s.yaml) that may call oss:PostProcessTask on the source and oss:PutObject on the target',
    );
  }
  return typeof securityToken === 'string' && securityToken !== ''
    ? { accessKeyId, accessKeySecret, securityToken }
    : { accessKeyId, accessKeySecret };
}
