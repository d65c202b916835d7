import type { IncomingMessage, ServerResponse } from 'node:http';
import { isControl } from '../control.ts';
import type { Faults } from './faults.ts';
import { FaultPlanError } from './plan.ts';

const maxPlanBytes = 1024 * 1024;

/** Whether a request is for the control of faults. */
export const isFaultControl = (message: IncomingMessage): boolean => isControl(message, '/-/faults');

/** `PUT` a plan as JSON, `GET` it with its counts, `DELETE` it; unsigned. 400 names every issue of a plan. */
export async function controlFaults(
  faults: Faults,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (statusCode: number, answer: object) =>
    response
      .writeHead(statusCode, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer, null, 2)}\n`);
  try {
    if (message.method === 'PUT') {
      faults.set(JSON.parse(await readText(message)));
    } else if (message.method === 'DELETE') {
      faults.set({});
    } else if (message.method !== 'GET') {
      return void send(405, { message: 'expected GET, PUT or DELETE' });
    }
    send(200, faults.describe());
  } catch (error) {
    if (!(error instanceof FaultPlanError) && !(error instanceof SyntaxError)) {
      throw error;
    }
    send(400, { message: error.message });
  }
}

async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of message) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxPlanBytes) {
      throw new FaultPlanError(`expected at most ${maxPlanBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
