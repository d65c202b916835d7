import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createTaskClient } from '../../../src/backfill/task-client.ts';
import type { InvocationResult } from '../../../src/local/fc/instance-process.ts';
import { createTaskApi } from '../../../src/local/fc/routes.ts';
import { createTasks } from '../../../src/local/fc/tasks.ts';
import { type Route, sendJson } from '../../../src/local/oss/http/routes.ts';
import { startOss } from '../oss/running-oss.ts';

const functionName = 'oss-saveas-backfill';

/** A task API whose function waits until the test says how each invocation ends; spoken to by the official SDK. */
async function startTasks({ secret = 'local-secret', now = Date.now, refusals = 0 } = {}) {
  const invocations: { event: string; requestId: string; end: (error?: string) => void }[] = [];
  const invoke = (event: Buffer, requestId: string) =>
    new Promise<InvocationResult>((resolve) => {
      invocations.push({
        event: event.toString(),
        requestId,
        end: (error) =>
          resolve(
            error === undefined
              ? { status: 'succeeded', requestId: 'r', billedMs: 1, body: Buffer.from('{}') }
              : { status: 'failed', requestId: 'r', billedMs: 1, error: { errorMessage: error } },
          ),
      });
    });
  const tasks = createTasks(invoke);
  const accessKey = { id: 'local', secret: 'local-secret' };
  const taskApi = createTaskApi({ functionName, tasks, accessKey, now });
  const left = { refusals };
  const refusing: Route = (message, response) => {
    left.refusals -= 1;
    if (left.refusals < 0) {
      return taskApi(message, response);
    }
    sendJson(response, left.refusals % 2 === 0 ? 429 : 503, { Code: 'Throttling', Message: 'slower' });
    return Promise.resolve();
  };
  const { url = '' } = await startOss({ routes: [refusing] });
  const connect = (name = functionName) =>
    createTaskClient({
      endpoint: new URL(url),
      functionName: name,
      credentials: async () => ({ accessKeyId: 'local', accessKeySecret: secret }),
      stop: new AbortController().signal,
    });
  const endNext = async (error?: string) => {
    await expect.poll(() => invocations.length).toBeGreaterThan(0);
    const invocation = invocations.shift();
    invocation?.end(error);
    return invocation?.requestId;
  };
  const client = connect();
  const statusOf = async (taskId: string) => (await client.find(taskId)).status;
  return { tasks, client, statusOf, connect, invocations, endNext, url };
}

describe('the task API of the local Function Compute, asked by the official SDK', () => {
  it('the task API runs a task once, and refuses its id ever after', async () => {
    const { statusOf, client, endNext, invocations } = await startTasks();

    expect(await client.submit('backfill-1-a', '{"objects":[1]}')).toBe(true);
    await expect.poll(() => statusOf('backfill-1-a')).toBe('Running');
    expect(await client.submit('backfill-1-a', '{"objects":[1]}')).toBe(false);
    expect(invocations[0]?.event).toBe('{"objects":[1]}');
    await endNext();
    await expect.poll(() => statusOf('backfill-1-a')).toBe('Succeeded');
    expect(await client.submit('backfill-1-a', '{"objects":[1]}')).toBe(false);
  });

  it('the task API tells the error of a failing function, which is not tried again', async () => {
    const { statusOf, client, endNext, invocations, tasks } = await startTasks();
    await client.submit('backfill-1-a', '{}');

    await endNext('no rules');

    await expect.poll(() => statusOf('backfill-1-a')).toBe('Failed');
    expect(tasks.byId.get('backfill-1-a')).toMatchObject({ taskErrorMessage: 'no rules' });
    expect(invocations).toEqual([]);
  });

  it('a request that is throttled, or that the server failed at, is made again', async () => {
    const { client, tasks } = await startTasks({ refusals: 2 });

    expect(await client.submit('backfill-1-a', '{}')).toBe(true);
    expect(tasks.byId.size).toBe(1);
  });

  it('the task API lists tasks by state and the beginning of their ids, over many pages', async () => {
    const { client } = await startTasks();
    for (let number = 0; number < 120; number += 1) {
      await client.submit(`backfill-1-${number}`, '{}');
    }
    await client.submit('backfill-2-x', '{}');

    await expect.poll(() => client.list('backfill-1-', 'Running')).toEqual(['backfill-1-0']);
    expect((await client.list('backfill-1-', 'Enqueued')).length).toBe(119);
    expect(await client.list('backfill-2-', 'Enqueued')).toEqual(['backfill-2-x']);
    expect(await client.list('backfill-1-', 'Failed')).toEqual([]);
  });

  it('the task API goes on behind the last task of a page, though that is in another state by then', async () => {
    const pages = { count: 0 };
    const stopLast = () => {
      pages.count += 1;
      const last = pages.count === 2 ? tasks.byId.get('backfill-100') : undefined;
      if (last !== undefined) {
        tasks.stop(last);
      }
      return Date.now();
    };
    const { tasks, client } = await startTasks({ now: stopLast });
    const taskIds = Array.from({ length: 151 }, (_, number) => `backfill-${number}`);
    for (const taskId of taskIds) {
      tasks.submit(taskId, Buffer.from('{}'));
    }
    await expect.poll(() => tasks.byId.get('backfill-0')?.status).toBe('Running');

    expect(await client.list('backfill-', 'Enqueued')).toEqual(taskIds.slice(1));
  });

  it('the task API stops what waits at once, and what runs when it has ended', async () => {
    const { statusOf, client, endNext, invocations } = await startTasks();
    await client.submit('a', '{}');
    await client.submit('b', '{}');
    await expect.poll(() => invocations.length).toBe(1);

    await client.stop('b');
    await client.stop('a');
    await client.stop('a');
    expect(await statusOf('b')).toBe('Stopped');
    expect(await statusOf('a')).toBe('Stopping');
    await endNext('cut off');

    await expect.poll(() => statusOf('a')).toBe('Stopped');
    expect(invocations.length).toBe(0);
  });

  it('the task API says of a task that is gone that it was not stopped, and rejects where it may stop none', async () => {
    const { client } = await startTasks();
    const { client: stranger } = await startTasks({ secret: 'wrong' });

    expect(await client.stop('gone')).toBe(false);
    await expect(stranger.stop('gone')).rejects.toThrow();
  });

  it("the task API refuses what a page of another origin sends, like all that is not OSS's", async () => {
    const { url } = await startTasks();

    const path = `/2023-03-30/functions/${functionName}/invocations`;
    const headers = { authorization: 'ACS3-HMAC-SHA256 Credential=local', origin: 'http://photos.example' };
    const answer = await fetch(url + path, { method: 'POST', headers });

    expect([answer.status, await answer.json()]).toMatchObject([403, { Code: 'Forbidden' }]);
  });

  it.each<[string, Parameters<typeof startTasks>[0], string]>([
    ['with a wrong secret', { secret: 'wrong' }, 'SignatureDoesNotMatch'],
    ['by a clock that is 16 minutes off', { now: () => Date.now() + 960_000 }, 'InvalidTimeStamp.Expired'],
  ])('the task API refuses a request signed %s', async (_, options, code) => {
    const { client, invocations } = await startTasks(options);

    await expect(client.submit('a', '{}')).rejects.toMatchObject({ statusCode: 403, code });
    expect(invocations.length).toBe(0);
  });

  it('the task API refuses other functions, ids that Function Compute would refuse, and payloads above 128 KB', async () => {
    const { statusOf, client, connect } = await startTasks();
    const other = connect('another');

    await expect(other.submit('a', '{}')).rejects.toMatchObject({
      statusCode: 404,
      code: 'FunctionNotFound',
    });
    for (const taskId of ['1a', 'a'.repeat(129)]) {
      await expect(client.submit(taskId, '{}')).rejects.toMatchObject({ statusCode: 400 });
    }
    await expect(client.submit('a', 'x'.repeat(131_073))).rejects.toMatchObject({ statusCode: 413 });
    expect(await statusOf('a')).toBe('');
    expect(await client.submit('a'.repeat(128), 'x'.repeat(131_072))).toBe(true);
  });
});

/** A signed GET with a path, or headers that are not signed, as the SDK would not write it. */
function ask(url: string, path: string, unsigned = {}): Promise<number | undefined> {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const { host } = new URL(url);
  const signed = { host, 'x-acs-content-sha256': sha256(''), 'x-acs-date': new Date().toISOString() };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['GET', path, '', lines.join(''), names, sha256('')].join('\n');
  const toSign = `ACS3-HMAC-SHA256\n${sha256(canonical)}`;
  const signature = createHmac('sha256', 'local-secret').update(toSign).digest('hex');
  const authorization = `ACS3-HMAC-SHA256 Credential=local,SignedHeaders=${names},Signature=${signature}`;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers: { ...signed, ...unsigned, authorization } }, (response) =>
      resolve(response.resume().statusCode),
    )
      .on('error', reject)
      .end();
  });
}

describe('a task', () => {
  it.each(['/2023-03-30/functions/oss-saveas-backfill/async-tasks/%', '//', '/%'])(
    'a task is not found at an address that is none: %s',
    async (path) => {
      const { url } = await startTasks();

      expect(await ask(url, path)).toBe(404);
    },
  );

  it('a task is asked for in vain where a header of the API is not signed along', async () => {
    const { url } = await startTasks();
    const path = '/2023-03-30/functions/oss-saveas-backfill/async-tasks';

    expect(await ask(url, path)).toBe(200);
    expect(await ask(url, path, { 'x-acs-action': 'ListAsyncTasks' })).toBe(403);
  });

  it('a task has failed when its invocation cannot even begin', async () => {
    const tasks = createTasks(() => Promise.reject(new Error('no process can be started')));

    tasks.submit('a', Buffer.from('{}'));

    const failed = { status: 'Failed', taskErrorMessage: 'Error: no process can be started' };
    await expect.poll(() => tasks.byId.get('a')).toMatchObject(failed);
  });
});
