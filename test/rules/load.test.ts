import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../src/rules/issue.ts';
import { loadRules } from '../../src/rules/load.ts';
import { parseRules } from '../../src/rules/rule.ts';

const fixtures = new URL('../fixtures/rules/', import.meta.url);
const names = (folder: string) =>
  readdirSync(new URL(folder, fixtures)).filter((name) => !name.endsWith('.txt'));
const read = (name: string) => readFileSync(new URL(name, fixtures), 'utf8');

function issuesOf(text: string, fileName = 'rules.yaml') {
  const loaded = loadRules(text, fileName);
  return loaded.ok ? [] : loaded.issues;
}

describe('loading rules', () => {
  // The .txt beside each document is what the author of such rules sees on the terminal: review it as prose.
  it.each(names('invalid/'))('shows every issue of %s with its place', (name) => {
    const expected = read(`invalid/${name.replace(/\.\w+$/, '.txt')}`);

    const rendered = issuesOf(read(`invalid/${name}`), name).map(formatIssue);

    expect(`${rendered.join('\n')}\n`).toBe(expected);
  });

  it.each(names('valid/'))('reads %s, and the function reads the same from its JSON', (name) => {
    const loaded = loadRules(read(`valid/${name}`), name);

    expect(issuesOf(read(`valid/${name}`))).toEqual([]);
    if (!loaded.ok) {
      return;
    }
    expect(parseRules(JSON.parse(JSON.stringify(loaded.source)))).toEqual({ ok: true, rules: loaded.rules });
  });

  it('counts lines and columns alike with a byte order mark and Windows line ends', () => {
    const [issue] = issuesOf('\ufeff# rules\r\nrules: 12\r\n');

    expect(issue).toMatchObject({ line: 2, column: 8, sourceLine: 'rules: 12' });
  });

  it('points into an aliased value where it is written', () => {
    const rule = (name: string, match: string) =>
      `  - { name: ${name}, match: ${match}, outputs: [{ style: style/a, target: { key: "x/{key}" } }] }\n`;

    const first = rule('a', '&m { key: "a/[" }');

    const issues = issuesOf(`rules:\n${first}${rule('b', '*m')}`);

    const column = first.indexOf('[') + 1;
    expect(issues.map((issue) => [issue.path[1], issue.line, issue.column])).toEqual([
      [0, 2, column],
      [1, 2, column],
    ]);
  });

  it('points at the start of a text whose escapes hide where its characters are', () => {
    const text = 'rules: [{ name: a, match: { key: "\\u0061/[" }, outputs: [] }]';

    const [issue] = issuesOf(text);

    expect(issue).toMatchObject({ path: ['rules', 0, 'match', 'key'], column: text.indexOf('"') + 1 });
  });

  it('stays YAML 1.2 where a directive asks for another', () => {
    const [issue] = issuesOf('%YAML 1.1\n---\nrules: yes\n');

    expect(issue?.received).toBe('"yes"');
  });

  it('refuses aliases beyond number, and a list that holds itself', () => {
    const bomb = `a: &a x\nrules: [${'*a,'.repeat(101)}]`;

    expect(issuesOf(bomb).map(({ message }) => message)).toEqual([
      'expected at most 100 aliases, received more',
    ]);
    expect(issuesOf('rules: &a [*a]')).toHaveLength(1);
  });
});

describe('a rendered issue', () => {
  it('has its caret under the place, wide characters and tabs before it', () => {
    const rendered = issuesOf('{\n\t"规则": 1, "rules": 12 }').map(formatIssue);

    expect(rendered.map((text) => text.split('\n').slice(1))).toEqual([
      ['  2 | \t"规则": 1, "rules": 12 }', '    | \t^'],
      ['  2 | \t"规则": 1, "rules": 12 }', `    | \t${' '.repeat('"____": 1, "rules": '.length)}^`],
    ]);
  });

  it('is its message alone where it has no place in a text', () => {
    const parsed = parseRules({ rules: 12 });

    expect(!parsed.ok && parsed.issues.map(formatIssue)).toEqual([
      'rules: expected a list, each item an object with name, match, outputs, received 12',
    ]);
  });
});
