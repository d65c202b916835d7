/** One line of structured log: a constant message, everything variable in fields (camelCase keys). */
export type LogFields = Record<string, unknown>;

type Log = (message: string, fields?: LogFields) => void;

/** Takes log lines; it is injected, so that tests can capture them and nothing writes at import time. */
export type Logger = Record<'debug' | 'info' | 'warn' | 'error', Log>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/**
 * Logger that writes one JSON object a line through `write`, dropping what is below `level`.
 * Fields are chosen by the caller one by one: no whole context, event or error body is ever passed in.
 */
export function createJsonLogger(level: LogLevel, write: (line: string) => void): Logger {
  const threshold = logLevels.indexOf(level);
  const at = (level: LogLevel) => {
    if (logLevels.indexOf(level) < threshold) {
      return () => {};
    }
    return (message: string, fields?: LogFields) => write(JSON.stringify({ level, message, ...fields }));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
