import { MockAgent } from 'undici';
import { afterEach } from 'vitest';
import { createHandler } from '../src/handler.ts';
import { readSettings } from '../src/settings.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

export const agent = new MockAgent();
agent.disableNetConnect();
afterEach(() => agent.assertNoPendingInterceptors());

export const output = { style: 'image/resize,w_10', vary: { w: [1, 2] }, target: { key: 'd/{name}-{w}' } };
export const rules = { rules: [{ name: 'r', match: { key: 'u/**' }, outputs: [output] }] };

export const context = {
  requestId: 'FC-1',
  region: 'cn-hangzhou',
  credentials: { accessKeyId: 'STS.id', accessKeySecret: 'very-secret', securityToken: 'very-token' },
  function: { name: 'f', timeout: 10 },
};

export function handlerOf(
  env: Record<string, string> = {},
  document: object = rules,
  more: Partial<Parameters<typeof createHandler>[0]> = {},
) {
  const lines: string[] = [];
  const invoke = createHandler({
    settings: readSettings(env, '/code'),
    ruleSet: ruleSetOf(document),
    dispatcher: agent,
    defaultCredentials: () => Promise.reject(new Error('no chain here')),
    write: (line) => lines.push(line),
    callSettings: { sleep: async () => {} },
    ...more,
  });
  return {
    lines,
    handle: (event: unknown, fc: unknown = context) => invoke(Buffer.from(JSON.stringify(event)), fc),
  };
}

export const origin = 'https://photos.oss-cn-hangzhou-internal.aliyuncs.com';
export const responseOptions = { headers: { 'x-oss-request-id': 'OSS-1' } };
export const saved = (key: string) =>
  JSON.stringify({ bucket: 'photos', fileSize: 5, object: key, status: 'OK' });

/** Answers each ProcessObject for a key with what `answer` makes of the asked-for target key. */
export function expectCalls(
  path: string,
  times: number,
  answer: (target: string) => { statusCode: number; data: string },
) {
  agent
    .get(origin)
    .intercept({ path: (sent) => sent.startsWith(path), method: 'POST' })
    .reply((call) => {
      const target = /o_([\w-]+)/.exec(String(call.body))?.[1] ?? '';
      return {
        ...answer(Buffer.from(target, 'base64url').toString()),
        responseOptions,
      };
    })
    .times(times);
}
