import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Route, readMessage, sendJson } from '../http/routes.ts';
import type { Faults } from './faults.ts';

const maxPlanBytes = 1024 * 1024;

/** `/-/faults`, unsigned: `PUT` sets a JSON plan, `GET` shows it with its counts, `DELETE` ends it. */
export function faultsRoute(faults: Faults): Route {
  return (message, response) => (message.url === '/-/faults' ? answer(faults, message, response) : undefined);
}

async function answer(faults: Faults, message: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (message.method === 'PUT') {
      const plan = await readMessage(message, maxPlanBytes);
      faults.set(JSON.parse(plan?.toString() ?? 'null'));
    } else if (message.method === 'DELETE') {
      faults.set({});
    } else if (message.method !== 'GET') {
      return sendJson(response, 405, { message: 'expected GET, PUT or DELETE' });
    }
    sendJson(response, 200, faults.describe());
  } catch (error) {
    sendJson(response, 400, { message: error instanceof Error ? error.message : String(error) });
  }
}
