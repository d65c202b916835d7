import { MockAgent } from 'undici';
import { onTestFinished } from 'vitest';
import type { CallSettings } from '../../src/oss/call.ts';
import { resolveEndpoint } from '../../src/oss/endpoint.ts';
import { createClient } from './client.ts';

export const secrets = { accessKeyId: 'ak', accessKeySecret: 'very-secret', securityToken: 'very-token' };
const origin = 'http://127.0.0.1:9000';
export const signedAt = Date.parse('2023-12-16T16:20:57Z');

/** An object, and a process that saves its result as another. */
export const source = { bucket: 'photos', key: 'a b.jpg' };
export const process = 'image/resize,w_100|sys/saveas,o_ZGVzdC5qcGc,b_YnVja2V0LTE';

/**
 * A client whose network is a MockAgent and whose clock stands still but for sleeps. What is not intercepted fails, and
 * so does a test that ends with an answer nobody asked for.
 */
export function mockOss(overrides: Partial<CallSettings> = {}) {
  const agent = new MockAgent();
  agent.disableNetConnect();
  onTestFinished(() => agent.assertNoPendingInterceptors());
  const clock = { nowMs: signedAt };
  const sleeps: number[] = [];
  const client = createClient({
    region: 'cn-hangzhou',
    endpoint: resolveEndpoint({ region: 'cn-hangzhou', endpoint: origin }),
    credentials: () => secrets,
    dispatcher: agent,
    now: () => clock.nowMs,
    random: () => 0.5,
    sleep: async (delayMs) => {
      sleeps.push(delayMs);
      clock.nowMs += delayMs;
    },
    ...overrides,
  });
  return { agent, pool: agent.get(origin), client, clock, sleeps };
}

/** Runs `action`, which must reject, and hands back what it rejected with. */
export async function rejection(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** An error document as OSS writes it. */
export function errorXml(code: string, message: string, extra = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n  <Code>${code}</Code>\n  <Message>${message}</Message>\n  <RequestId>65B0</RequestId>\n  <HostId>bucket.oss-cn-hangzhou.aliyuncs.com</HostId>\n${extra}</Error>\n`;
}

type MockOss = ReturnType<typeof mockOss>;

/** A request as it reached the network. */
interface Sent {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** Answers the next request, whatever it is, and records it. A header that is empty is not sent. */
export function answer(
  mock: MockOss,
  statusCode: number,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Sent[] {
  const sent: Sent[] = [];
  mock.pool.intercept({ path: () => true, method: () => true }).reply((request) => {
    const { path, method, body: sentBody } = request;
    const sentHeaders = Object.fromEntries(
      Object.entries(request.headers ?? {}).map(([k, v]) => [k, String(v)]),
    );
    sent.push({ path, method, headers: sentHeaders, body: String(sentBody) });
    const all = Object.entries({ 'x-oss-request-id': 'R1', ...headers }).filter(([, value]) => value !== '');
    return { statusCode, data: body, responseOptions: { headers: Object.fromEntries(all) } };
  });
  return sent;
}
