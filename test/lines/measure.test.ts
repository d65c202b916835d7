import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allowanceOf, counted } from './counted.ts';
import { type Measurement, measureLines } from './measure.ts';

function measure(files: Record<string, string>): Measurement {
  const root = mkdtempSync(join(tmpdir(), 'lines-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return measureLines(root);
}

/** A function of that many lines, its braces counted. */
const functionOf = (lines: number) => `export function f() {\n${'  f();\n'.repeat(lines - 2)}}\n`;

describe('the sources', () => {
  const { shapeProblems, counts } = measureLines('src');

  it('the sources have no function above 60 lines, no file above 300, and none without a ceiling for its part', () => {
    expect(shapeProblems).toEqual([]);
  });

  it('the sources have not grown since their lines were counted, but for a twentieth', () => {
    const grown = Object.entries(counts).flatMap(([name, lines]) => {
      const most = allowanceOf(counted[name] ?? 0);
      return lines > most ? [`${name} has ${lines} lines, at most ${most} until it is counted anew`] : [];
    });

    const advice =
      'take lines out, or count anew in test/lines/counted.ts and say in the commit what they are for';
    expect(grown.join('; '), advice).toBe('');
    expect(Object.keys(counted), 'test/lines/counted.ts lists each part').toEqual(Object.keys(counts));
  });
});

describe('npm run lines', () => {
  it('npm run lines prints lines by folder and program, and the length of functions', () => {
    const { report, problems } = measure({ 'process.ts': functionOf(5), 'events/a.ts': functionOf(3) });

    expect(report).toMatch(/^events +3 +260$/m);
    expect(report).toMatch(/^process +5 +40$/m);
    expect(report).toMatch(/^= the function +8 +2,450$/m);
    expect(report).toContain('2 functions: median 5 lines, longest 5 (process.ts:1)');
    expect(problems).toEqual([]);
  });

  it('npm run lines names every ceiling that is broken: of a folder, a file, a function, the median', () => {
    const { problems, shapeProblems } = measure({
      'process.ts': functionOf(61),
      'oss/long.ts': 'export {};\n'.repeat(301),
    });

    expect(problems).toEqual(['process has 61 lines, at most 40 were agreed.']);
    expect(shapeProblems).toEqual([
      'oss/long.ts has 301 lines, at most 300 were agreed.',
      'process.ts:1 has 61 lines, at most 60 were agreed.',
      'the median function has 61 lines, at most 10 were agreed.',
    ]);
  });

  it('npm run lines counts methods, function expressions and arrow functions with braces, each by itself', () => {
    const { report } = measure({
      'log.ts': 'class A {\n  m() {\n    return () => {\n      return () => 1;\n    };\n  }\n}\n',
    });

    expect(report).toContain('2 functions: median 5 lines, longest 5 (log.ts:2)');
  });

  it('npm run lines lets no folder grow outside the ceilings', () => {
    const { shapeProblems } = measure({ 'helpers/a.ts': 'export {};\n' });

    expect(shapeProblems).toEqual(['helpers/a.ts belongs to no part that has a ceiling.']);
  });
});
