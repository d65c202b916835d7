import { request as httpRequest } from 'node:http';
import { Agent } from 'undici';
import { onTestFinished } from 'vitest';
import type { FaultPlan } from '../../../../src/local/oss/faults/plan.ts';
import type { LocalOssOptions } from '../../../../src/local/oss/server.ts';
import type { CallSettings } from '../../../../src/oss/call.ts';
import { resolveEndpoint } from '../../../../src/oss/endpoint.ts';
import { createClient } from '../../../oss/client.ts';
import { type RunningOss, startOss } from '../running-oss.ts';

export const object = { bucket: 'photos', key: 'uploads/a.jpg' };

/** A client that makes one attempt. */
export function clientOf(oss: RunningOss, options: Partial<CallSettings> = {}) {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  return createClient({
    region: 'cn-hangzhou',
    endpoint: resolveEndpoint({ region: 'cn-hangzhou', endpoint: `http://127.0.0.1:${oss.port}` }),
    credentials: () => ({ accessKeyId: 'local', accessKeySecret: 'local-secret' }),
    dispatcher,
    maxAttempts: 1,
    sleep: async () => {},
    ...options,
  });
}

/** A server with the source object in place before anything goes wrong. */
export async function startFaulty(rules: FaultPlan['rules'], options: Partial<LocalOssOptions> = {}) {
  const oss = await startOss(options);
  await oss.call({ ...object, method: 'PUT', body: '0123456789' });
  await control(oss, 'PUT', { rules });
  return { oss, client: clientOf(oss) };
}

/** Asks the endpoint that sets, tells and ends the faults. */
export function control(
  oss: RunningOss,
  method: string,
  plan?: unknown,
  headers: Record<string, string> = {},
) {
  return new Promise<{ statusCode: number | undefined; text: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: oss.port, method, path: '/-/faults', headers, agent: false };
    httpRequest(options, (response) => {
      response
        .toArray()
        .then(
          (chunks: Buffer[]) =>
            resolve({ statusCode: response.statusCode, text: Buffer.concat(chunks).toString() }),
          reject,
        );
    })
      .on('error', reject)
      .end(typeof plan === 'string' ? plan : JSON.stringify(plan));
  });
}
