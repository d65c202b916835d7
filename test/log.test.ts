import { describe, expect, it } from 'vitest';
import { createJsonLogger, type LogLevel } from '../src/log.ts';

describe('the log', () => {
  it.each<[LogLevel, string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['silent', []],
  ])('the log has at the level %s the lines %j and no others', (level, written) => {
    const lines: string[] = [];
    const logger = createJsonLogger(level, (line) => lines.push(line));

    for (const at of ['debug', 'info', 'warn', 'error'] as const) {
      logger[at]('done', { key: 'a' });
    }

    expect(lines).toEqual(written.map((at) => `{"level":"${at}","message":"done","key":"a"}`));
  });
});
