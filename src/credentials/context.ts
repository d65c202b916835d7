import { fieldsOf, textOf } from '../json.ts';
import type { Credentials } from '../oss/sign.ts';

/**
 * The temporary credentials of the function's role, out of the `context` of one invocation, to be read again
 * in each. Throws when the function has no role (Function Compute help: "Context").
 */
export function credentialsFromContext(context: unknown): Credentials {
  const credentials = fieldsOf(fieldsOf(context).credentials);
  const [accessKeyId, accessKeySecret] = [credentials.accessKeyId, credentials.accessKeySecret].map(textOf);
  if (!accessKeyId || !accessKeySecret) {
    const actions = 'oss:PostProcessTask on the source and oss:PutObject on the target';
    const advice = `give the function a role (\`role\` in s.yaml) that may call ${actions}`;
    throw new Error(`the invocation has no credentials: ${advice}`);
  }
  return { accessKeyId, accessKeySecret, securityToken: textOf(credentials.securityToken) || undefined };
}
