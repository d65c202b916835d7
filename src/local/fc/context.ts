import { randomUUID } from 'node:crypto';
import type { Credentials } from '../../oss/sign.ts';

/** A function as `s.yaml` describes it, with its region and account. */
export interface FunctionConfig {
  name: string;
  handler: string;
  memoryMb: number;
  timeoutMs: number;
  environment: Record<string, string>;
  region: string;
  accountId: string;
}

/** The variables that FC sets (FC help: "Environment variables"); a function may override TZ and PATH. */
export function buildEnvironment(config: FunctionConfig, codeDir: string): Record<string, string> {
  return {
    TZ: 'UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...config.environment,
    FC_FUNC_CODE_PATH: codeDir,
    FC_REGION: config.region,
    FC_ACCOUNT_ID: config.accountId,
    FC_FUNCTION_NAME: config.name,
    FC_FUNCTION_HANDLER: config.handler,
    FC_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    FC_INSTANCE_ID: `c-${randomUUID()}`,
  };
}

/** The plain data in the handler's context; `logger` and `tracing` are added inside the instance. */
export type ContextData = ReturnType<typeof buildContext>;

/** The handler's `context` (FC help: "Context"): memory in MB, timeout in seconds, FC's credentials. */
export function buildContext(config: FunctionConfig, requestId: string, credentials: Credentials) {
  const { name, handler, memoryMb, timeoutMs, region, accountId } = config;
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return {
    requestId,
    credentials: { accessKeyId, accessKeySecret, ...(securityToken !== undefined && { securityToken }) },
    function: { name, handler, memory: memoryMb, timeout: timeoutMs / 1000 },
    service: { logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
    region,
    accountId,
  };
}
