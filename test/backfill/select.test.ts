import { expect, it } from 'vitest';
import { createUpperBound } from '../../src/backfill/select.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

const ruleSet = ruleSetOf({
  rules: [
    {
      name: 'small',
      match: { bucket: 'photos', key: 'uploads/*.jpg' },
      outputs: [{ style: 'image/resize,w_100', target: { key: 'small/{yyyy}/{mm}/{name}.jpg' } }],
    },
  ],
});
const object = { bucket: 'photos', key: 'uploads/a.jpg', eventName: 'Manual' };
const select = createUpperBound(ruleSet, '2026-01-31T18:00:00Z');

it('an object whose time nobody knows is planned at the time that is given for an example', () => {
  expect(select(object, {}).outputs).toMatchObject([
    { status: 'planned', target: { key: 'small/2026/01/a.jpg' } },
  ]);
});

it('an object is planned at its own time where that is known, whatever else is not', () => {
  expect(select({ ...object, modifiedAt: '2024-05-06T00:00:00Z' }, {}).outputs).toMatchObject([
    { status: 'planned', target: { key: 'small/2024/05/a.jpg' } },
  ]);
});
