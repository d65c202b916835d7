/** undici as its documentation shows it: the whole package, a request ready signed, the answer parsed and nothing else. */
import { Agent, request } from 'undici';
import { body, headers, origin, path } from './ready-signed.ts';

const dispatcher = new Agent({ connections: 1, headersTimeout: 0, bodyTimeout: 0 });

export async function handler(): Promise<unknown> {
  const answer = await request(`${origin}${path}`, { dispatcher, method: 'POST', headers, body });
  return answer.body.json();
}
