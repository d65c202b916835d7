import { fieldsOf, parseJson, textOf } from '../json.ts';
import { unexpectedAnswer } from '../oss/errors.ts';
import { processBody, resultOf } from '../oss/operations.ts';
import type { SaveTask, TaskEnd } from '../pipeline/result.ts';
import type { TaskOptions } from '../pipeline/save.ts';

/**
 * Submits an output to OSS as an asynchronous task (OSS help, "Asynchronous processing"). Only a task id in
 * an answer of OSS itself proves that there is a task: an answer that is truncated, empty or a proxy's is a
 * failure, which another attempt may heal. Throws what a call to OSS throws.
 */
export async function submit(
  { source, process }: SaveTask,
  { call, deadlineMs }: TaskOptions,
): Promise<TaskEnd> {
  const name = 'x-oss-async-process';
  const request = { ...source, deadlineMs, query: { [name]: '' }, body: processBody(name, process) };
  const response = await call({ ...request, operation: 'AsyncProcessObject', method: 'POST' });
  const { body, hide = (text) => text } = response;
  const { statusCode, requestId, attempts } = resultOf(response);
  const taskId = textOf(fieldsOf(parseJson(hide(body.toString()))).TaskId)?.slice(0, 200);
  if (statusCode !== 200 || !taskId) {
    throw unexpectedAnswer(response, 'instead of the id of a task');
  }
  return { status: 'submitted', taskId, requestId, attempts };
}
