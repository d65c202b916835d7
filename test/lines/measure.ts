import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import { formatTable } from '../table.ts';
import { type Part, type Program, programs, shape } from './ceilings.ts';

/** Something that has a length, and the most lines it may have. */
interface Span {
  name: string;
  lines: number;
  most: number;
}

interface SourceFile extends Span {
  functions: readonly Span[];
}

export interface Measurement {
  /** For people: lines by folder against the ceilings, and how long functions are. */
  report: string;
  /** One sentence for each part or program that has too many lines. */
  problems: readonly string[];
  /** The same of files, functions and the median, and of files that belong to no part. */
  shapeProblems: readonly string[];
  /** The lines of each part. */
  counts: Readonly<Record<string, number>>;
}

/** Measures the TypeScript below `root` against the agreed ceilings. Throws where a file is no TypeScript. */
export function measureLines(root: string): Measurement {
  const files = readdirSync(root, { recursive: true })
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => /\.tsx?$/.test(name))
    .sort()
    .map((name) => measureFile(root, name));
  const functions = files.flatMap((file) => file.functions).sort((a, b) => a.lines - b.lines);
  const median = functions[Math.floor(functions.length / 2)]?.lines ?? 0;
  const longest = functions.at(-1);
  const parts = programs.flatMap((program) => measureProgram(program, files));
  const middle = { name: 'the median function', lines: median, most: shape.medianFunctionLines };
  const table = formatTable(
    ['part', 'lines', 'at most'],
    parts.map(({ name, lines, most }) => [name, lines.toLocaleString('en'), most.toLocaleString('en')]),
  );
  return {
    report: `${table}\n${functions.length} functions: median ${median} lines, longest ${longest?.lines} (${longest?.name})\n`,
    problems: findTooLong(parts),
    shapeProblems: [...findTooLong([...files, ...functions, middle]), ...findWithoutCeiling(files)],
    counts: Object.fromEntries(
      parts.filter(({ name }) => !name.startsWith('=')).map(({ name, lines }) => [name, lines]),
    ),
  };
}

function measureFile(root: string, name: string): SourceFile {
  const text = readFileSync(join(root, name), 'utf8');
  const { program, errors } = parseSync(name, text);
  const [error] = errors;
  if (error !== undefined) {
    throw new Error(`${name} is no TypeScript: ${error.message}`);
  }
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const functions: Span[] = [];
  const add = ({ start, end }: { start: number; end: number }) => {
    const lines = lineOf(end) - lineOf(start) + 1;
    functions.push({ name: `${name}:${lineOf(start)}`, lines, most: shape.longestFunctionLines });
  };
  new Visitor({
    FunctionDeclaration: add,
    FunctionExpression: add,
    // An arrow function without braces is an expression, however many lines that takes.
    ArrowFunctionExpression: (arrow) => {
      if (!arrow.expression) {
        add(arrow);
      }
    },
  }).visit(program);
  return { name, lines: text.split('\n').length - 1, most: shape.longestFileLines, functions };
}

/** The parts of a program, then the program as a whole. */
function measureProgram({ name, lines: most, parts }: Program, files: readonly SourceFile[]): Span[] {
  const spans = parts.map((part) => {
    const own = files.filter((file) => partOf(file) === part);
    return { name: part.name, lines: sumLines(own), most: part.lines };
  });
  return [...spans, { name: `= ${name}`, lines: sumLines(spans), most }];
}

/** The part whose path says most about the file: a file named by one part may lie in the folder of another. */
function partOf(file: SourceFile): Part | undefined {
  const parts = programs.flatMap((program) => program.parts);
  const length = ({ paths }: Part) =>
    Math.max(0, ...paths.filter((path) => isWithin(file, path)).map((path) => path.length));
  return parts.reduce<Part | undefined>(
    (best, part) => (length(part) > (best ? length(best) : 0) ? part : best),
    undefined,
  );
}

function isWithin({ name }: SourceFile, path: string): boolean {
  return path.endsWith('/') ? name.startsWith(path) : name === path;
}

function sumLines(spans: readonly Span[]): number {
  return spans.reduce((sum, { lines }) => sum + lines, 0);
}

function findTooLong(spans: readonly Span[]): string[] {
  return spans
    .filter(({ lines, most }) => lines > most)
    .map(({ name, lines, most }) => `${name} has ${lines} lines, at most ${most} were agreed.`);
}

function findWithoutCeiling(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => partOf(file) === undefined)
    .map(({ name }) => `${name} belongs to no part that has a ceiling.`);
}
