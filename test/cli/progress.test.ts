import { expect, it, onTestFinished, vi } from 'vitest';
import type { Source } from '../../src/backfill/source.ts';
import { showProgress, watched } from '../../src/cli/backfill-run.ts';
import { createIo } from './terminal.ts';

const drawn = (text: string) => `\r\u001b[K\u001b[?7l${text}\u001b[?7h`;

it('a look at many objects shows on one line of the terminal how many there were so far, and takes it off', async () => {
  const { io, written } = createIo({}, { isTerminal: true });
  const object = { bucket: 'photos', key: 'a.jpg', eventName: 'Manual' };
  const source: Source = {
    name: '',
    fingerprint: '',
    async *read() {
      for (let after = 0; after < 2_500; after += 1) {
        yield { object, position: { part: 0, after } };
      }
    },
  };

  let objects = 0;
  for await (const { position } of watched(source, io).read()) {
    objects += Number(position.after === objects);
  }

  expect(objects).toBe(2_500);
  const lines = ['1000 objects looked at', '2000 objects looked at', ''];
  expect(written.err).toBe(lines.map(drawn).join(''));
});

it.each([
  [
    'a line drawn over every second on a terminal',
    true,
    1_000,
    ['1 done', '2 done', '3 done', ''].map(drawn),
  ],
  ['a new line every ten seconds in a pipe', false, 10_000, ['1 done\n', '2 done\n', '3 done\n']],
])('progress is %s, and over once it ended', (_, isTerminal, pauseMs, expected) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { io, written, stop } = createIo({}, { isTerminal });
  let count = 0;
  const line = () => {
    count += 1;
    return `${count} done`;
  };

  const end = showProgress(line, 'Wait.', io);
  vi.advanceTimersByTime(2 * pauseMs);
  end();
  vi.advanceTimersByTime(60_000);
  stop.abort();

  expect(written.err).toBe(expected.join(''));
});
