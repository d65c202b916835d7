import { MockAgent } from 'undici';
import { afterAll } from 'vitest';
import { createHandler } from '../../src/handler.ts';
import { readSettings } from '../../src/settings.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

const rules = {
  rules: [
    {
      name: 'r',
      match: { key: '**' },
      outputs: [
        { style: 'image/watermark,text_{b64:{key}}', target: { key: '{dir}/x/{name}.{ext}' } },
        { style: 'image/info', target: { bucket: 'other-bucket', key: 'y{key}' } },
      ],
    },
  ],
};

/** No request leaves the process; where each was about to go is written down. */
const agent = new MockAgent();
agent.disableNetConnect();
afterAll(() => agent.close());

interface Sent {
  origin: string;
  path: string;
  body: string;
}

/** A function of which everything is caught that it would send. */
export function createCapture(region = 'cn-hangzhou') {
  const sent: Sent[] = [];
  const handle = createHandler({
    settings: readSettings({ LOG_LEVEL: 'silent' }, '/code'),
    ruleSet: ruleSetOf(rules),
    dispatcher: agent.compose((dispatch) => (request, handler) => {
      sent.push({ origin: String(request.origin), path: request.path, body: String(request.body) });
      return dispatch(request, handler);
    }),
    defaultCredentials: () => Promise.reject(new Error('no chain here')),
    write: () => {},
    callSettings: { sleep: async () => {} },
  });
  const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' };
  const context = { requestId: 'FC-1', region, credentials, function: { timeout: 60 } };
  const invoke = (event: unknown) =>
    handle(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)), context).catch(
      (error: unknown) => error,
    );
  return { sent, invoke };
}
