import type { Logger } from '../log.ts';
import type { Io } from './command.ts';
import { printable } from './terminal.ts';

/** Shows the function's own log, one short line for each result, and whatever goes wrong around it. */
export function createConsole({ err }: Io): Logger {
  const show = (message: string, fields: object = {}) => {
    const line = formatLine(message, fields);
    if (line !== undefined) {
      err(`${printable(line)}\n`);
    }
  };
  const showOutput = (message: string, fields?: object) => {
    if (message === 'function output') {
      show(message, fields);
    }
  };
  return { debug: () => {}, info: showOutput, warn: show, error: show };
}

function formatLine(message: string, fields: object): string | undefined {
  const known = new Map<string, unknown>(Object.entries(fields));
  const line = known.get('line');
  if (typeof line !== 'string') {
    const [reason] = String(known.get('error') ?? JSON.stringify(fields)).split('\n');
    return `${message}: ${reason}`;
  }
  const result = parseFields(line);
  if (result.get('message') === 'invocation finished') {
    return undefined; // its results stand above it
  }
  if (!result.has('bucket')) {
    return line;
  }
  const to = result.has('targetKey')
    ? ` -> oss://${result.get('targetBucket')}/${result.get('targetKey')}`
    : '';
  const details = [
    result.get('rule'),
    result.get('reason'),
    result.has('sizeBytes') && `${result.get('sizeBytes')} bytes`,
    result.has('durationMs') && `${result.get('durationMs')} ms`,
    result.get('error'),
  ];
  const about = `oss://${result.get('bucket')}/${result.get('key')}${to}`;
  return `${result.get('message')}: ${about} (${details.filter(Boolean).join(', ')})`;
}

/** The fields of a line of JSON; none where the function wrote something else. */
function parseFields(line: string): Map<string, unknown> {
  try {
    const fields: unknown = JSON.parse(line);
    return new Map(Object.entries(typeof fields === 'object' && fields !== null ? fields : {}));
  } catch {
    return new Map();
  }
}
