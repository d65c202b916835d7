import { expect, it } from 'vitest';
import { createConsole } from '../../src/cli/console.ts';
import { createIo } from './terminal.ts';

it('a result is shown on one line whatever its key holds', () => {
  const { io, written } = createIo();
  const key = 'a\nb\u001b[2J.png';

  createConsole(io).info('function output', {
    line: JSON.stringify({
      message: 'output saved',
      bucket: 'photos',
      key,
      targetBucket: 'p',
      targetKey: key,
    }),
  });

  expect(written.err).toBe(
    'output saved: oss://photos/a\\nb\\u001b[2J.png -> oss://p/a\\nb\\u001b[2J.png ()\n',
  );
});

it('the headline of a report is shown without the colon before its list', () => {
  const { io, written } = createIo();

  createConsole(io).warn('invocation failed', { error: '1 failed, requestId R:\n- permanent BadRequest' });

  expect(written.err).toBe('invocation failed: 1 failed, requestId R\n');
});

it.each([
  [
    'error',
    'rules refused, the earlier ones stay',
    { message: 'the check found errors.' },
    'rules refused, the earlier ones stay: the check found errors.\n',
  ],
  ['info', 'rules loaded', { buckets: ['photos', 'thumbs'] }, 'rules loaded: photos, thumbs\n'],
  ['info', 'fault', { fault: 'reset' }, ''],
  [
    'error',
    'event dead-lettered',
    { requestId: 'R', attempts: 4, error: '1 failed, requestId R:\n- …', deadLetter: 'dead/1.json' },
    'event dead-lettered: 1 failed, requestId R, in dead/1.json\n',
  ],
] as const)('a line of log of level %s, "%s", is printed as words', (level, message, fields, expected) => {
  const { io, written } = createIo();

  createConsole(io)[level](message, fields);

  expect(written.err).toBe(expected);
});
