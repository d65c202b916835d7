import { fieldsOf, parseJson, textOf } from '../json.ts';
import { processBody } from '../oss/operations.ts';
import type { SaveTools, SubmitEnd } from '../pipeline/life.ts';
import type { SaveTask } from '../pipeline/result.ts';

/**
 * Hands an output to OSS as an asynchronous task (OSS help, "Asynchronous processing"). Nothing but the id of a task in an
 * answer of OSS's own says that there is one: an answer that was cut off, an empty one or a proxy's is a failure, which
 * another attempt may heal. Throws what the call throws.
 */
export async function submit({ source, process }: SaveTask, tools: SaveTools): Promise<SubmitEnd> {
  const { call, deadline, mayKeep, head, findReasonToKeep } = tools;
  const existing = mayKeep ? await head() : undefined;
  const reason = existing && findReasonToKeep(existing);
  if (reason !== undefined) {
    return { status: 'skipped', reason };
  }
  const name = 'x-oss-async-process';
  const request = { ...source, deadline, query: { [name]: '' }, body: processBody(name, process) };
  const response = await call({ ...request, operation: 'AsyncProcessObject', method: 'POST' });
  const { statusCode, headers, body, context, hide = (text) => text } = response;
  const requestId = headers['x-oss-request-id']?.slice(0, 100);
  const taskId = textOf(fieldsOf(parseJson(hide(body.toString()))).TaskId)?.slice(0, 200);
  if (statusCode === 200 && requestId !== undefined && taskId) {
    return { status: 'submitted', taskId, requestId, attempts: context.attempts };
  }
  const message = `AsyncProcessObject: ${statusCode} with ${body.length} bytes instead of the id of a task`;
  return { status: 'failed', kind: 'transient', code: 'UnexpectedAnswer', message, statusCode, requestId };
}
