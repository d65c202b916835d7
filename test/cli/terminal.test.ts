import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { createProgress, formatTable, shellWord } from '../../src/cli/terminal.ts';
import { printable } from '../../src/printable.ts';
import { createIo } from './terminal.ts';

describe('a table', () => {
  it('a table stands in columns whatever the keys are written in', () => {
    const keys = ['a.jpg', '北京/照片.jpg', 'é/👩‍👩‍👧.png', 'हिन्दी.png'];

    const lines = formatTable(keys.map((key) => [key, 'saved']))
      .split('\n')
      .slice(0, -1);

    expect(new Set(lines.map((line) => stringWidth(line.slice(0, line.indexOf('saved'))))).size).toBe(1);
  });

  it('a table has numbers stand right below their heading', () => {
    expect(
      formatTable([
        ['', 'bytes'],
        ['a', '1,024'],
        ['b', '9'],
        ['c', '100,000'],
      ]),
    ).toBe('     bytes\na    1,024\nb        9\nc  100,000\n');
  });

  it('a table wraps its last cells to fit 80 columns, and takes no word apart', () => {
    const wordsOf = (text: string) => text.split(/\s+/).filter((one) => one !== '');
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/\s/g, '_'));
    const cell = fc.array(word, { maxLength: 40 }).map((words) => printable(words.join(' ')));
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, cell), { minLength: 1, maxLength: 4 }), (rows) => {
        const table = formatTable(rows);

        expect(wordsOf(table).sort()).toEqual(rows.flat().map(printable).flatMap(wordsOf).sort());
        const longest = Math.max(0, ...wordsOf(table).map((one) => stringWidth(one)));
        const widest = Math.max(...table.split('\n').map((line) => stringWidth(line)));
        expect(widest).toBeLessThanOrEqual(Math.max(80, 3 * longest + 4));
      }),
    );
  });

  it('a table leaves a row as one line where the names in it take up all room', () => {
    const [title, key] = ['oss://photos/a.jpg', `oss://photos/${'x'.repeat(60)}.webp`];

    expect(formatTable([title, ['  thumbnail', key, 'saved 4138 bytes, 45 ms']])).toBe(
      `${title}\n  thumbnail  ${key}  saved 4138 bytes, 45 ms\n`,
    );
  });
});

describe('progress', () => {
  it('progress has the terminal cut off what its line has no room for, and nothing else', () => {
    const { io, written } = createIo({}, { isTerminal: true });

    createProgress(io)('上传'.repeat(90));

    expect(written.err).toBe(`\r\u001b[K\u001b[?7l${'上传'.repeat(90)}\u001b[?7h`);
  });
});

describe('a text from elsewhere', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['a\nsaved: b\r\t', 'a\\nsaved: b\\r\\t'],
    ['\u009b2J\u007f', '\\u009b2J\\u007f'],
    ['gpj.\u202egnp.exe', 'gpj.\\u202egnp.exe'],
    ['a\u200b.j\u00adpg\ufeff', 'a\\u200b.j\\u00adpg\\ufeff'],
    ['北京 é 👩‍👩‍👧 \\n', '北京 é 👩‍👩‍👧 \\n'],
  ])('commands no terminal: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

it.each(["/tmp/my rules/it's.jsonl", 'oss://photos/$(id)`"*', '照片/a.jpg', '-a\\b', ''])(
  'a command that is printed has %j for one word of a shell',
  (text) => {
    expect(execFileSync('sh', ['-c', `printf '[%s]' ${shellWord(text)}`]).toString()).toBe(`[${text}]`);
  },
);

it('a command that is printed has what is plain as it is', () => {
  expect(shellWord('/home/me/.backfill/0a1b/failures.jsonl')).toBe('/home/me/.backfill/0a1b/failures.jsonl');
});
