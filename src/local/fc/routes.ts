import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessKey } from '../oss/auth/access-keys.ts';
import { findRefusal, type Route, readMessage, sendJson } from '../oss/http/routes.ts';
import { findSignatureProblem, isAcsRequest } from './acs-signature.ts';
import type { LocalFunctionCompute } from './function-compute.ts';
import type { AsyncTask, Tasks } from './tasks.ts';

/** Function Compute's own limit for a synchronous payload (FC help: "Limits"). */
const maxEventBytes = 32 * 1024 * 1024;

type Invocation = LocalFunctionCompute['invoke'];

/**
 * `POST /-/invoke`, the synchronous invocation. The body is the event; the answer is like that of FC's
 * InvokeFunction: 200 with the function's result, or with `x-fc-error-type` and the error (FC help: "Error
 * handling"). Only JSON is accepted, which a web page cannot send here without a preflight request.
 */
export function invokeRoute(invoke: Invocation): Route {
  return (message, response) =>
    message.url === '/-/invoke' ? answerInvoke(invoke, message, response) : undefined;
}

async function answerInvoke(invoke: Invocation, message: IncomingMessage, response: ServerResponse) {
  const refuse = (statusCode: number, errorMessage: string) =>
    sendJson(response, statusCode, { errorMessage });
  if (message.method !== 'POST') {
    return refuse(405, 'expected POST');
  }
  if (message.headers['content-type'] !== 'application/json') {
    return refuse(415, 'expected content-type application/json');
  }
  const event = await readMessage(message, maxEventBytes);
  if (event === undefined) {
    return refuse(413, `expected an event of at most ${maxEventBytes} bytes`);
  }
  const result = await invoke(event);
  response.setHeader('content-type', 'application/json').setHeader('x-fc-request-id', result.requestId);
  if (result.status === 'succeeded') {
    response.end(result.body);
  } else {
    response.setHeader('x-fc-error-type', 'UnhandledInvocationError').end(JSON.stringify(result.error));
  }
}

/** The limit for an asynchronous payload (FC help: "Limits"). */
const maxPayloadBytes = 128 * 1024;

interface TaskApiOptions {
  functionName: string;
  tasks: Tasks;
  /** The account's AccessKey. */
  accessKey: AccessKey;
  now?: (() => number) | undefined;
}

/**
 * Answers the calls of FC's API (version 2023-03-30) for asynchronous tasks: InvokeFunction with a task id,
 * ListAsyncTasks, GetAsyncTask and StopAsyncTask. The algorithm of the signature distinguishes these requests
 * from those for OSS; the account's AccessKey must have signed them.
 */
export function createTaskApi(options: TaskApiOptions): Route {
  return (message, response) =>
    isAcsRequest(message) && message.url?.startsWith('/')
      ? answerTasks(message, response, options)
      : undefined;
}

async function answerTasks(message: IncomingMessage, response: ServerResponse, options: TaskApiOptions) {
  const { functionName, tasks, accessKey, now = Date.now } = options;
  const refuse = (statusCode: number, code: string, text: string) =>
    sendJson(response, statusCode, { Code: code, Message: text, RequestId: 'local' });
  const refusal = findRefusal(message);
  if (refusal !== undefined) {
    return refuse(403, 'Forbidden', refusal);
  }
  const body = await readMessage(message, maxPayloadBytes);
  if (body === undefined) {
    return refuse(413, 'EntityTooLarge', `the payload is larger than ${maxPayloadBytes} bytes`);
  }
  const problem = findSignatureProblem(message, body, accessKey, now());
  if (problem !== undefined) {
    return refuse(403, problem, 'the request is not signed as it should be');
  }
  const { pathname, searchParams } = new URL(`http://localhost${message.url}`);
  // Ids contain no characters that would be escaped.
  const [, version, , name, resource, id, action] = pathname.split('/');
  if (version !== '2023-03-30' || name !== functionName) {
    return refuse(404, 'FunctionNotFound', `${pathname} is not of '${functionName}', the one function here`);
  }
  const task = id === undefined ? undefined : tasks.byId.get(id);
  switch (`${message.method} ${[resource, id && '{id}', action].filter(Boolean).join('/')}`) {
    case 'POST invocations':
      return submit(message, body);
    case 'GET async-tasks':
      return sendJson(response, 200, listTasks([...tasks.byId.values()], searchParams));
    case 'GET async-tasks/{id}':
      return task === undefined ? refuseTask() : sendJson(response, 200, task);
    case 'PUT async-tasks/{id}/stop':
      if (task === undefined) {
        return refuseTask();
      }
      tasks.stop(task);
      return sendJson(response, 200, {});
    default:
      return refuse(501, 'NotImplemented', `${message.method} ${pathname} is not among what runs locally`);
  }

  function refuseTask(): void {
    refuse(404, 'AsyncTaskNotFound', 'no task has this id');
  }
  function submit({ headers }: IncomingMessage, payload: Buffer): void {
    const taskId = String(headers['x-fc-async-task-id'] ?? '');
    if (headers['x-fc-invocation-type'] !== 'Async' || !/^[A-Za-z_][\w-]{0,127}$/.test(taskId)) {
      refuse(400, 'InvalidArgument', 'expected an asynchronous invocation with a task id');
    } else if (tasks.submit(taskId, payload)) {
      response.writeHead(202, { 'x-fc-request-id': tasks.byId.get(taskId)?.requestId }).end();
    } else {
      // The status is documented; the code is that of the previous API (fc-open 2021-04-06).
      refuse(409, 'StatefulAsyncInvocationAlreadyExists', `task '${taskId}' exists already`);
    }
  }
}

/** One page of tasks, by default 20, after the one that `nextToken` names. */
function listTasks(tasks: readonly AsyncTask[], query: URLSearchParams) {
  const prefix = query.get('prefix') ?? '';
  const status = query.get('status');
  const start = tasks.findIndex(({ taskId }) => taskId === query.get('nextToken')) + 1;
  const named = tasks.slice(start).filter(({ taskId }) => taskId.startsWith(prefix));
  const found = named.filter((task) => status === null || task.status === status);
  const page = found.slice(0, Number(query.get('limit') ?? 20));
  return {
    tasks: page.map((task) => ({ ...task, taskPayload: undefined })),
    nextToken: page.length < found.length ? page.at(-1)?.taskId : undefined,
  };
}
