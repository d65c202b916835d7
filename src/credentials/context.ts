import { fieldsOf, textOf } from '../json.ts';
import type { Credentials } from '../oss/sign.ts';

/**
 * Credentials of the function's role, out of the `context` of one invocation: to be called for each, they are temporary.
 * Throws when the function has no role (Function Compute help: "Context"; `credentials` is there only with one).
 */
export function credentialsFromContext(context: unknown): Credentials {
  const credentials = fieldsOf(fieldsOf(context).credentials);
  const [accessKeyId, accessKeySecret] = [credentials.accessKeyId, credentials.accessKeySecret].map(textOf);
  if (!accessKeyId || !accessKeySecret) {
    throw new Error(
      'the invocation brings no credentials: give the function a role (`role` in s.yaml) that may call oss:PostProcessTask on the source and oss:PutObject on the target',
    );
  }
  return { accessKeyId, accessKeySecret, securityToken: textOf(credentials.securityToken) || undefined };
}
