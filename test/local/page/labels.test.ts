import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { catalog } from '../../../src/style/catalog.ts';

it('every image action that the page offers, and every parameter of one, has its label', () => {
  const file = 'src/local/page/client/try/labels.ts';
  const labels = [...readFileSync(file, 'utf8').matchAll(/^ {2}'?([\w.-]+)'?: \[/gm)].map(([, name]) => name);
  const names = Object.entries(catalog.image ?? {}).flatMap(
    ([action, { mode, alone, value, params = {} }]) => {
      const shown = Object.entries(params).filter(([, { nested, soft }]) => !nested && !soft);
      const own = [...(value === undefined ? [] : ['']), ...shown.map(([name]) => name)];
      const isOffered = mode === 'sync' && alone !== true;
      return isOffered ? [action, ...own.map((name) => `${action}.${name}`)] : [];
    },
  );

  expect(
    names.filter((name) => !labels.includes(name)),
    `no label in ${file}`,
  ).toEqual([]);
  expect(
    labels.filter((label) => !names.includes(label ?? '')),
    `labels of nothing in ${file}`,
  ).toEqual([]);
});
