import type { Question } from './questions.ts';

export interface Answer {
  question: Question;
  answer: string;
}

/** A test of oss.test.ts as it ended; `message` says why it failed. */
export interface TestResult {
  title: string;
  isPassed: boolean;
  message: string;
}

/** Rows of BEHAVIOURS.md, by how they begin, that tests of oss.test.ts try in part: what, and the titles that have to pass. */
export const rowsOfSuite: readonly { row: string; tried: string; titles: RegExp }[] = [
  {
    row: 'V4 header signature',
    tried: 'the V4 header signature, its refusals, 15 minutes of skew',
    titles: /^signatures /,
  },
  { row: 'names of buckets and keys', tried: 'hostile keys', titles: /^come back as they were put/ },
  { row: 'listing:', tried: 'V2, its order, pages and prefixes', titles: /^objects are listed/ },
  { row: 'ETag: MD5 for Put', tried: 'the ETag of PutObject', titles: /^objects have the upper-case MD5/ },
  { row: 'CRC-64 header', tried: 'content type and user metadata', titles: /^objects (have|are replaced)/ },
  { row: 'DELETE: always 204', tried: 'all of it', titles: /^objects are gone once deleted/ },
  { row: 'body raw or form-encoded', tried: 'raw, URL-safe, without padding', titles: /^saves under "/ },
  { row: 'answer: JSON', tried: 'all of it', titles: /^(saves under the key|names no bucket)/ },
  { row: 'named styles', tried: 'NoSuchStyle', titles: /^processing is refused for no style/ },
];

const isAsked = ({ answer }: Answer) => !answer.startsWith('not asked: ');

/** Writes what a run found as Markdown that can be pasted into an issue. */
export function formatReport(found: {
  title: string;
  answers: readonly Answer[];
  tests: readonly TestResult[];
  /** Failures beside the answers, and what could not be removed. */
  problems: readonly string[];
}): string {
  const { title, answers, tests, problems } = found;
  const failed = tests.filter(({ isPassed }) => !isPassed);
  const { verified, wrong } = judgeRows(answers, tests);
  const rows = answers.map(({ question: { text, assumed }, answer }) => [text, answer, assumed]);
  const list = (items: readonly string[]) => items.map((item) => `- ${item}\n`).join('') || 'none\n';
  return [
    `# ${title}\n`,
    `| Question | Answer | Reckoned with |\n| --- | --- | --- |\n${rows.map(formatRow).join('')}`,
    `${tests.length} tests of test/conformance/oss.test.ts, ${failed.length} of them failed:\n`,
    list(failed.map(({ title: name, message }) => `${name}: ${message}`)),
    'Rows of src/local/BEHAVIOURS.md that may say **verified**, for what is named:\n',
    list(verified),
    'Rows to be corrected:\n',
    list(wrong),
    'What went wrong, and what is left:\n',
    list(problems),
  ].join('\n');
}

function formatRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')).join(' | ')} |\n`;
}

/** Sorts the rows that were tried; one that a question and a test try has to hold by both. */
function judgeRows(answers: readonly Answer[], tests: readonly TestResult[]) {
  const tried = [
    ...answers
      .filter(isAsked)
      .flatMap(({ question: { row, text, assumed }, answer }) =>
        row === undefined ? [] : [{ row, what: `question ${text}`, holds: answer === assumed }],
      ),
    ...rowsOfSuite.flatMap(({ row, tried: what, titles }) => {
      const ours = tests.filter(({ title }) => titles.test(title));
      return ours.length === 0 ? [] : [{ row, what, holds: ours.every(({ isPassed }) => isPassed) }];
    }),
  ];
  const rows = [...new Set(tried.map(({ row }) => row))].map(
    (row) => [row, tried.filter((one) => one.row === row)] as const,
  );
  const format = ([row, parts]: (typeof rows)[number]) =>
    `"${row.replaceAll('*', '')} …": ${parts.map(({ what, holds }) => (holds ? what : `NOT ${what}`)).join('; ')}`;
  return {
    verified: rows.filter(([, parts]) => parts.every(({ holds }) => holds)).map(format),
    wrong: rows.filter(([, parts]) => parts.some(({ holds }) => !holds)).map(format),
  };
}
