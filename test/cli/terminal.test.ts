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

  it('a table fits 80 columns, and loses no character of what is longer', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 150 }).map((text) => text.replace(/\s/g, '_'));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 4 }), (rows) => {
        const table = formatTable(rows);

        expect(Math.max(...table.split('\n').map((line) => stringWidth(line)))).toBeLessThanOrEqual(80);
        const characters = (text: string) => [...text.replace(/\s/g, '')].sort().join('');
        expect(characters(table)).toBe(characters(rows.flat().map(printable).join('')));
      }),
    );
  });
});

describe('progress', () => {
  it('progress fits one line of a terminal', () => {
    const { io, written } = createIo({}, { isTerminal: true });

    createProgress(io)('7:oss://photos/上传/'.repeat(9));

    const line = written.err.replace('\r\u001b[K', '');
    expect(stringWidth(line)).toBeLessThanOrEqual(79);
    expect(stringWidth(line)).toBeGreaterThan(71);
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
