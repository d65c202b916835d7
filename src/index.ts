import { createDefaultCredentials } from './credentials/default-chain.ts';
import { createHandler } from './handler.ts';
import { createAgent } from './oss/request.ts';
import { readSettings } from './settings.ts';

type Handle = ReturnType<typeof createHandler>;

let handle: Handle | undefined;

/**
 * Function Compute's entry point (`handler: index.handler`): the event's bytes and the context in, the report
 * out. What can be shared between invocations is made at the first one; credentials never are.
 */
export async function handler(event: Buffer, context: unknown): ReturnType<Handle> {
  handle ??= createHandler({
    settings: readSettings(process.env, __dirname),
    dispatcher: createAgent(),
    defaultCredentials: createDefaultCredentials(process.env),
    write: (line) => console.log(line),
  });
  return handle(event, context);
}
