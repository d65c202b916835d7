import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Credentials } from '../oss/sign.ts';

/** Function Compute's asynchronous tasks, as far as a backfill needs them. */
export interface TaskClient {
  /** Hands a task over; false where one of this id exists, be it done or under way. */
  submit(taskId: string, payload: string): Promise<boolean>;
  /** The ids of the tasks in one state whose id begins with `prefix`. */
  list(prefix: string, status: string): Promise<string[]>;
  /** The task's state; empty where Function Compute knows it no more, which it does for a week. */
  statusOf(taskId: string): Promise<string>;
  stop(taskId: string): Promise<void>;
}

export interface TaskClientOptions {
  /** `https://<account>.<region>.fc.aliyuncs.com` (FC help: "Endpoints"). */
  endpoint: URL;
  functionName: string;
  credentials: () => Promise<Credentials>;
  stop: AbortSignal;
}

const maxAttempts = 6;

/** A client of Function Compute's API by the official SDK, which is loaded now: nothing else needs it. */
export function createTaskClient(options: TaskClientOptions): TaskClient {
  const { endpoint, functionName, credentials, stop } = options;
  const { fc, openApi, runtime } = loadSdk();
  const config = new openApi.$OpenApiUtil.Config({
    endpoint: endpoint.host,
    protocol: endpoint.protocol.replace(':', ''),
    credential: { getCredential: async () => ({ type: 'sts', ...(await credentials()) }) },
    connectTimeout: 10_000,
    readTimeout: 30_000,
  });
  const client = new fc.default(config);

  /** Tries again what a later attempt may heal: throttling, faults of the server and of the network. */
  async function retried<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        const statusCode = statusCodeOf(error) ?? 500;
        if (attempt >= maxAttempts || (statusCode < 500 && statusCode !== 429)) {
          throw error;
        }
        await pause(500 * 2 ** attempt * Math.random(), undefined, { signal: stop });
      }
    }
  }
  return {
    async submit(taskId, payload) {
      const headers = new fc.InvokeFunctionHeaders({ xFcInvocationType: 'Async', xFcAsyncTaskId: taskId });
      const invoke = () => {
        const request = new fc.InvokeFunctionRequest({ body: Readable.from([Buffer.from(payload)]) });
        return client.invokeFunctionWithOptions(
          functionName,
          request,
          headers,
          new runtime.RuntimeOptions({}),
        );
      };
      try {
        await retried(invoke);
        return true;
      } catch (error) {
        // The status is what the help page promises ("Task deduplication"); no page names the code.
        if (statusCodeOf(error) === 409) {
          return false;
        }
        throw error;
      }
    },
    async list(prefix, status) {
      const ids: string[] = [];
      let nextToken: string | undefined;
      do {
        const request = new fc.ListAsyncTasksRequest({ prefix, status, limit: 100, nextToken });
        const { body } = await retried(() => client.listAsyncTasks(functionName, request));
        ids.push(...(body?.tasks ?? []).flatMap(({ taskId = [] }) => taskId));
        nextToken = body?.nextToken;
      } while (nextToken);
      return ids;
    },
    async statusOf(taskId) {
      const request = new fc.GetAsyncTaskRequest({});
      try {
        const { body } = await retried(() => client.getAsyncTask(functionName, taskId, request));
        return body?.status ?? '';
      } catch (error) {
        if (statusCodeOf(error) === 404) {
          return '';
        }
        throw error;
      }
    },
    async stop(taskId) {
      await retried(() => client.stopAsyncTask(functionName, taskId, new fc.StopAsyncTaskRequest({})));
    },
  };
}

type Sdk = typeof import('@alicloud/fc20230330', { with: { 'resolution-mode': 'require' }});
type OpenApi = typeof import('@alicloud/openapi-core', { with: { 'resolution-mode': 'require' }});
type Runtime = typeof import('@darabonba/typescript', { with: { 'resolution-mode': 'require' }});

/** The SDK is CommonJS, of which `import` gives one view in Node.js and another one under test. */
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

function statusCodeOf(error: unknown): number | undefined {
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  return Number.isNaN(statusCode) ? undefined : statusCode;
}
