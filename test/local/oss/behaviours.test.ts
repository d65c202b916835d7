import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { operationNames } from '../../../src/local/oss/operations/table.ts';

it('BEHAVIOURS.md names each operation that the local OSS knows, and no other', () => {
  const [, section = ''] = readFileSync('src/local/BEHAVIOURS.md', 'utf8').split('\n## Operations\n');
  const [table = ''] = section.split('\n## ');
  const named = [...table.matchAll(/^\| [a-z].* \| (.*) \|$/gm)].flatMap(([, names = '']) =>
    names.split(', '),
  );

  expect(named.toSorted()).toEqual(operationNames.toSorted());
});
