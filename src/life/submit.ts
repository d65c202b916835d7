import { fieldsOf, parseJson, textOf } from '../json.ts';
import { processBody, resultOf, unexpectedAnswer } from '../oss/operations.ts';
import type { SaveTask, TaskEnd } from '../pipeline/result.ts';
import { askReasonToKeep, type TaskOptions } from '../pipeline/save.ts';

/**
 * Hands an output to OSS as an asynchronous task (OSS help, "Asynchronous processing"). Nothing but the id of a task in an
 * answer of OSS's own says that there is one: an answer that was cut off, an empty one or a proxy's is a failure, which
 * another attempt may heal. Throws what a call to OSS throws.
 */
export async function submit(task: SaveTask, options: TaskOptions): Promise<TaskEnd> {
  const reason = await askReasonToKeep(task, options);
  if (reason !== undefined) {
    return { status: 'skipped', reason };
  }
  const { source, process } = task;
  const name = 'x-oss-async-process';
  const response = await options.call({
    ...source,
    operation: 'AsyncProcessObject',
    method: 'POST',
    query: { [name]: '' },
    body: processBody(name, process),
    deadline: options.deadline,
  });
  const { body, hide = (text) => text } = response;
  const { statusCode, requestId, attempts } = resultOf(response);
  const taskId = textOf(fieldsOf(parseJson(hide(body.toString()))).TaskId)?.slice(0, 200);
  if (statusCode !== 200 || requestId === undefined || !taskId) {
    throw unexpectedAnswer(response, 'instead of the id of a task');
  }
  return { status: 'submitted', taskId, requestId, attempts };
}
