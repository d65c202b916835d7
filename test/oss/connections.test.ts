import type { RequestListener } from 'node:http';
import timers from 'undici/lib/util/timers.js';
import { describe, expect, it, vi } from 'vitest';
import type { CallSettings } from '../../src/oss/call.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createAgent, send } from '../../src/oss/request.ts';
import { createClient } from './client.ts';
import { closing, connect, listen } from './listening.ts';
import { rejection, secrets } from './mock-oss.ts';

describe('connections', () => {
  const ok: RequestListener = (_request, response) => {
    response.writeHead(200, { 'x-oss-request-id': 'R' }).end();
  };
  const object = { bucket: 'photos', key: 'k' };
  function connectAt(url: string, clock: { nowMs: number }, more: Partial<CallSettings> = {}) {
    const dispatcher = createAgent(16, () => clock.nowMs);
    closing.push(() => dispatcher.destroy());
    const region = 'cn-hangzhou';
    const settings = {
      region,
      credentials: () => secrets,
      dispatcher,
      maxAttempts: 1,
      attemptTimeoutMs: 2_000,
      ...more,
    };
    return {
      dispatcher,
      client: createClient({ ...settings, endpoint: resolveEndpoint({ region, endpoint: url }) }),
    };
  }

  it('connections that are all taken let no request through which was given up meanwhile', async () => {
    const received: string[] = [];
    let answerFirst = () => {};
    const url = await listen((request, response) => {
      const answer = () => ok(request, response);
      if (received.push(request.url ?? '') === 1) {
        answerFirst = answer;
      } else {
        answer();
      }
    });
    const dispatcher = createAgent(1);
    closing.push(() => dispatcher.destroy());
    const request = { origin: url, method: 'GET' as const, headers: {}, maxAnswerBytes: 1_000 };
    const first = send(dispatcher, { ...request, path: '/first', timeoutMs: 5_000 });

    await rejection(send(dispatcher, { ...request, path: '/second', timeoutMs: 50 }));
    await expect.poll(() => received).toEqual(['/first']);
    answerFirst();
    await first;
    await send(dispatcher, { ...request, path: '/third', timeoutMs: 5_000 });

    expect(received).toEqual(['/first', '/third']);
  });

  it.each([1, 4])('connections are as many as the calls under way: %i', async (lanes) => {
    let connections = 0;
    const url = await listen(ok, () => (connections += 1));
    const client = connect(url);
    const lane = async () => {
      for (let i = 0; i < 5; i += 1) {
        await client.headObject(object);
      }
    };

    await Promise.all(Array.from({ length: lanes }, lane));

    expect(connections).toBe(lanes);
  });

  it.each([
    [4_000, 1],
    [6_000, 2],
  ])(
    'connections that were unused for %i ms are trusted or not: two calls take %i',
    async (idleMs, expected) => {
      let connections = 0;
      const url = await listen(ok, () => (connections += 1));
      const clock = { nowMs: 10_000 };
      const { client } = connectAt(url, clock);
      await client.headObject(object);
      clock.nowMs += idleMs;

      await client.headObject(object);

      expect(connections).toBe(expected);
    },
  );

  it('connections that were unused for too long are renewed once, by calls that begin together', async () => {
    const connections = vi.fn();
    const clock = { nowMs: 10_000 };
    const { client } = connectAt(await listen(ok, connections), clock);
    const callTwiceAtOnce = () => Promise.all([client.headObject(object), client.headObject(object)]);
    await callTwiceAtOnce();
    clock.nowMs += 6_000;

    await callTwiceAtOnce();
    await callTwiceAtOnce();

    expect(connections).toHaveBeenCalledTimes(4);
  });

  it('connections that were silent for 3 s are given up after 10 s without a first byte, those just used are not', async () => {
    /** The second answer takes `answerMs` on the connection of the first, which came after `workMs`, `idleMs` ago. */
    async function callTwice({ idleMs = 0, workMs = 0, answerMs = 14_000 }) {
      const clock = { nowMs: 10_000 };
      const connections = vi.fn();
      const listener = vi.fn<RequestListener>((request, response) => {
        clock.nowMs += listener.mock.calls.length === 1 ? workMs : 0;
        if (listener.mock.calls.length !== 2) {
          ok(request, response);
        }
      });
      const patient = { maxAttempts: 2, attemptTimeoutMs: 30_000, sleep: async () => {} };
      const { client } = connectAt(await listen(listener, connections), clock, patient);
      await client.headObject(object);
      clock.nowMs += idleMs;
      const second = client.headObject(object);
      await vi.waitUntil(() => listener.mock.calls.length === 2, 5_000);
      timers.tick(0); // A timer counts from the tick after its start.
      timers.tick(answerMs);
      const [, [request, response] = []] = listener.mock.calls;
      if (request !== undefined && response !== undefined) {
        ok(request, response);
      }
      const { attempts } = await second;
      return { attempts, connections: connections.mock.calls.length };
    }

    expect(await callTwice({ idleMs: 3_000 })).toEqual({ attempts: 2, connections: 2 });
    expect(await callTwice({ idleMs: 3_000, answerMs: 8_000 })).toEqual({ attempts: 1, connections: 1 });
    expect(await callTwice({ idleMs: 2_000 })).toEqual({ attempts: 1, connections: 1 });
    expect(await callTwice({ workMs: 20_000 })).toEqual({ attempts: 1, connections: 1 });
  });

  it('connections of an agent that something was composed with answer as well', async () => {
    const url = await listen(ok);
    const agent = createAgent();
    closing.push(() => agent.destroy());
    const composed = agent.compose((dispatch) => (options, handler) => dispatch(options, handler));
    const request = { origin: url, path: '/', method: 'GET' as const, headers: {}, maxAnswerBytes: 9 };

    const answer = await send(composed, { ...request, timeoutMs: 5_000 });

    expect(answer.statusCode).toBe(200);
  });

  it('connections that undici believes to be taken for ever do not outlive a few seconds', async () => {
    const url = await listen(ok);
    const clock = { nowMs: 10_000 };
    const { client, dispatcher } = connectAt(url, clock);
    const refused = { origin: url, path: '/', method: 'GET' as const, headers: { a: 'b\n' } };
    for (let i = 0; i < 16; i += 1) {
      await rejection(send(dispatcher, { ...refused, timeoutMs: 1_000, maxAnswerBytes: 1 }));
    }
    clock.nowMs += 6_000;

    await expect(client.headObject(object)).resolves.toMatchObject({ statusCode: 200 });
  });
});
