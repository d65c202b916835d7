import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { formatDiagnostic, formatDiagnostics, selectShown } from '../../src/check/format.ts';

const at = (line: number, column: number, sourceLine: string, length = 1): Diagnostic => ({
  severity: 'error',
  code: 'schema',
  message: `wrong at ${line}:${column}`,
  path: [],
  place: { file: 'rules.yaml', line, column, length, sourceLine },
});

describe('a diagnostic on the terminal', () => {
  it('a diagnostic on the terminal has its carets under the place, wide characters and tabs before it and in it', () => {
    const sourceLine = '\t"规则": "照片/{jpg", x';

    expect(formatDiagnostic(at(12, sourceLine.indexOf('照') + 1, sourceLine, 3)).split('\n')).toEqual([
      'error rules.yaml:12:9 wrong at 12:9',
      `  12 | ${sourceLine}`,
      `     | \t${' '.repeat('"____": "'.length)}^^^^^`,
    ]);
  });

  it('a diagnostic on the terminal shows only the neighbourhood in a very long line', () => {
    const [, quoted = '', carets = ''] = formatDiagnostic(
      at(1, 5_001, `${'x'.repeat(5_000)}HERE${'y'.repeat(5_000)}`),
    ).split('\n');

    expect(quoted.length).toBeLessThan(260);
    expect(quoted[carets.indexOf('^')]).toBe('H');
  });

  it('a diagnostic on the terminal ends with its hint, and is its message alone where it has no place', () => {
    const diagnostic: Diagnostic = {
      severity: 'warning',
      code: 'x',
      message: 'It is odd.',
      hint: 'Do this.',
      path: [],
    };

    expect(formatDiagnostic(diagnostic)).toBe('warning It is odd.\n  Do this.');
  });

  it('a diagnostic on the terminal comes before milder ones, and in the order of the text among its like', () => {
    const note: Diagnostic = { ...at(1, 1, 'x'), severity: 'note' };
    const place = { file: 's.yaml', line: 3, column: 1, length: 1, sourceLine: 'x' };
    const elsewhere: Diagnostic = { ...at(3, 1, 'x'), place };
    const placeless: Diagnostic = { ...at(0, 0, 'x'), place: undefined };

    const shown = selectShown([note, elsewhere, at(10, 1, 'x'), at(2, 9, 'x'), placeless, at(2, 1, 'x')]);

    expect(shown.map(({ message }) => message.replace('wrong at ', ''))).toEqual([
      '0:0',
      '2:1',
      '2:9',
      '10:1',
      '3:1',
      '1:1',
    ]);
  });

  it('a terminal is shown a hundred diagnostics at most', () => {
    const lines = formatDiagnostics(Array.from({ length: 100_000 }, () => at(1, 1, 'x'))).split('\n');

    expect(lines).toHaveLength(301);
    expect(lines.at(-1)).toBe('… and 99900 more.');
  });
});
