import { fieldsOf, parseJson } from '../json.ts';
import type { Logger } from '../log.ts';
import { printable } from '../printable.ts';
import type { Io } from './command.ts';

/** Shows the function's log: a short line for each result, loaded rules, and whatever goes wrong. */
export function createConsole({ err }: Io): Logger {
  const show = (message: string, fields: object = {}) => {
    const line = formatLine(message, fields);
    if (line !== undefined) {
      err(`${printable(line)}\n`);
    }
  };
  const showOutput = (message: string, fields?: object) => {
    if (['function output', 'rules loaded'].includes(message)) {
      show(message, fields);
    }
  };
  return { debug: () => {}, info: showOutput, warn: show, error: show };
}

function formatLine(message: string, fields: object): string | undefined {
  const { line, error, deadLetter } = fieldsOf(fields);
  if (typeof line !== 'string') {
    const [reason] = String(error ?? Object.values(fields).flat().join(', ')).split(/:?\n/);
    return `${message}: ${reason}${deadLetter === undefined ? '' : `, in ${deadLetter}`}`;
  }
  const result = fieldsOf(parseJson(line));
  if (result.message === 'invocation finished') {
    return undefined; // Its results were shown already.
  }
  if (result.bucket === undefined) {
    return line;
  }
  const to = result.targetKey === undefined ? '' : ` -> oss://${result.targetBucket}/${result.targetKey}`;
  const details = [
    result.rule,
    result.reason,
    result.sizeBytes !== undefined && `${result.sizeBytes} bytes`,
    result.durationMs !== undefined && `${result.durationMs} ms`,
    result.error,
  ];
  const about = `oss://${result.bucket}/${result.key}${to}`;
  return `${result.message}: ${about} (${details.filter(Boolean).join(', ')})`;
}
