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

it('the headline of a report is shown without the colon that its list stands behind', () => {
  const { io, written } = createIo();

  createConsole(io).warn('invocation failed', { error: '1 failed, requestId R:\n- permanent BadRequest' });

  expect(written.err).toBe('invocation failed: 1 failed, requestId R\n');
});
