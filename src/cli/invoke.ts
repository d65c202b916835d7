import { fieldsOf } from '../json.ts';
import { CliError, defineCommand } from './command.ts';
import { eventOption, parseObjectUrl, readEvent } from './input.ts';

export const invoke = defineCommand({
  positionals: { name: 'oss://bucket/key', summary: 'objects for the rules', many: true },
  options: {
    event: eventOption,
    endpoint: { value: 'url', default: 'http://127.0.0.1:9000', summary: 'of the local OSS' },
  },
  run: async ({ event, endpoint }, io, urls) => {
    if ((event === undefined) === (urls.length === 0)) {
      throw new CliError('expected either objects (oss://bucket/key) or an --event.');
    }
    if (!/^https?:\/\//.test(endpoint) || !URL.canParse('/-/invoke', endpoint)) {
      throw new CliError(`--endpoint: expected a URL such as http://127.0.0.1:9000, received "${endpoint}".`);
    }
    const asked = event === undefined ? { objects: urls.map(parseObjectUrl) } : await readEvent(event);
    const report = await post(new URL('/-/invoke', endpoint).href, JSON.stringify(asked));
    io.out(`${JSON.stringify(report, undefined, 2)}\n`);
    return 0;
  },
});

/** Resolves to the function's report; throws the message of its error, which says what failed. */
async function post(url: string, body: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body }).catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Error(`no local Function Compute at ${url} (${reason}). Start it with: npm start`);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer !== 'object' || answer === null) {
    throw new Error(`${url} answered ${response.status} and no JSON: is that the local OSS?`);
  }
  const { errorMessage } = fieldsOf(answer);
  if (errorMessage !== undefined) {
    throw new Error(String(errorMessage));
  }
  return answer;
}
