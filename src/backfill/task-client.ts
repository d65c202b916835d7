import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Credentials } from '../oss/sign.ts';

export type TaskClient = ReturnType<typeof createTaskClient>;

/** A task, with the API's own field names. */
export interface BatchTask {
  status: string;
  taskErrorMessage?: string | undefined;
}

interface TaskClientOptions {
  /** `https://<account>.<region>.fc.aliyuncs.com` (FC help: "Endpoints"). */
  endpoint: URL;
  functionName: string;
  credentials: () => Promise<Credentials>;
  stop: AbortSignal;
}

/** The asynchronous-task calls that a backfill needs, by the official SDK. Throws if it is not installed. */
export function createTaskClient({ endpoint, functionName, credentials, stop }: TaskClientOptions) {
  const { fc, openApi, runtime } = loadSdk();
  const config = new openApi.$OpenApiUtil.Config({
    endpoint: endpoint.host,
    protocol: endpoint.protocol.replace(':', ''),
    credential: { getCredential: async () => ({ type: 'sts', ...(await credentials()) }) },
    connectTimeout: 10_000,
    readTimeout: 30_000,
  });
  const client = new fc.default(config);
  const noOptions = new runtime.RuntimeOptions({});
  return {
    /** Submits a task; false if there is one with this id, finished or not. */
    async submit(taskId: string, payload: string): Promise<boolean> {
      const headers = new fc.InvokeFunctionHeaders({ xFcInvocationType: 'Async', xFcAsyncTaskId: taskId });
      const invoke = () => {
        const request = new fc.InvokeFunctionRequest({ body: Readable.from([Buffer.from(payload)]) });
        return client.invokeFunctionWithOptions(functionName, request, headers, noOptions);
      };
      // The help page promises the status ("Task deduplication"); no page names the code.
      return (await retried(invoke, stop, [409])) !== undefined;
    },
    /** The ids of the tasks in one state that begin with `prefix`. */
    async list(prefix: string, status: string): Promise<string[]> {
      const ids: string[] = [];
      let nextToken: string | undefined;
      do {
        const request = new fc.ListAsyncTasksRequest({ prefix, status, limit: 100, nextToken });
        const answer = await retried(() => client.listAsyncTasks(functionName, request), stop);
        ids.push(...(answer?.body?.tasks ?? []).flatMap(({ taskId = [] }) => taskId));
        nextToken = answer?.body?.nextToken;
      } while (nextToken);
      return ids;
    },
    /** Reads a task. The status is empty once Function Compute has forgotten it, which is after a week. */
    async find(taskId: string): Promise<BatchTask> {
      const ask = () => client.getAsyncTask(functionName, taskId, new fc.GetAsyncTaskRequest({}));
      const answer = await retried(ask, stop, [404]);
      const { status = '', taskErrorMessage } = answer?.body ?? {};
      return { status, taskErrorMessage };
    },
    /** Stops a task; false if it had already ended. */
    async stop(taskId: string): Promise<boolean> {
      const stopTask = () => client.stopAsyncTask(functionName, taskId, new fc.StopAsyncTaskRequest({}));
      // No page names the status code for a task that has ended.
      return (await retried(stopTask, stop, [400, 404, 409, 412])) !== undefined;
    },
  };
}

const maxAttempts = 6;

/**
 * Retries throttling, server errors and network errors. Resolves to undefined if the call fails with a status
 * that is `expected`.
 */
async function retried<T>(call: () => Promise<T>, stop: AbortSignal, expected: readonly number[] = []) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const statusCode = statusCodeOf(error);
      if (expected.includes(statusCode)) {
        return undefined;
      }
      if (attempt >= maxAttempts || (statusCode < 500 && statusCode !== 429)) {
        throw error;
      }
      await pause(500 * 2 ** attempt * Math.random(), undefined, { signal: stop });
    }
  }
}

type Sdk = typeof import('@alicloud/fc20230330', { with: { 'resolution-mode': 'require' }});
type OpenApi = typeof import('@alicloud/openapi-core', { with: { 'resolution-mode': 'require' }});
type Runtime = typeof import('@darabonba/typescript', { with: { 'resolution-mode': 'require' }});

/** The SDK is CommonJS, which `import` shows differently in Node.js and under test. */
function loadSdk(): { fc: Sdk; openApi: OpenApi; runtime: Runtime } {
  const require = createRequire(import.meta.url);
  try {
    return {
      fc: require('@alicloud/fc20230330'),
      openApi: require('@alicloud/openapi-core'),
      runtime: require('@darabonba/typescript'),
    };
  } catch (cause) {
    throw new Error("--via function needs Alibaba Cloud's SDK: npm install @alicloud/fc20230330", { cause });
  }
}

/** A network error has no status, and is as temporary as a server error. */
function statusCodeOf(error: unknown): number {
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  return Number.isNaN(statusCode) ? 500 : statusCode;
}
