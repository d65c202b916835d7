import { CliError, type Command, textOf, type Values } from './command.ts';
import { eventOption, parseObjectUrl, readEventOption } from './event-input.ts';

export const invoke: Command = {
  name: 'invoke',
  summary: 'Invokes the function of the running local stack and prints its report.',
  positionals: { name: 'oss://bucket/key', summary: 'objects for the rules', many: true },
  options: {
    event: eventOption,
    'dry-run': { summary: 'the function says what it would do, for objects named here' },
    url: { value: 'url', default: 'http://127.0.0.1:9000', summary: 'of the local OSS' },
  },
  run: async (values, io, urls) => {
    const url = textOf(values, 'url');
    const { error, report } = await post(`${url}/-/invoke`, JSON.stringify(await readEvent(values, urls)));
    if (error === undefined) {
      io.out(`${JSON.stringify(report, undefined, 2)}\n`);
    } else {
      io.err(`${error}\n`);
    }
    return error === undefined ? 0 : 1;
  },
};

async function readEvent(values: Values, urls: readonly string[]): Promise<unknown> {
  const event = await readEventOption(values);
  if ((event === undefined) === (urls.length === 0)) {
    throw new CliError('expected either objects (oss://bucket/key) or an --event.');
  }
  const dryRun = values['dry-run'] === true && { dryRun: true };
  return event ?? { objects: urls.map(parseObjectUrl), ...dryRun };
}

/** The function's report, or the message of what it threw, which holds what failed. */
async function post(url: string, body: string): Promise<{ report?: unknown; error?: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(`no local Function Compute at ${url} (${reason}). Start it with: npm start`);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer !== 'object' || answer === null) {
    throw new Error(`${url} answered ${response.status} and no JSON: is that the local OSS?`);
  }
  return 'errorMessage' in answer ? { error: String(answer.errorMessage) } : { report: answer };
}
