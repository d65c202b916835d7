import { describe, expect, it } from 'vitest';
import { plan } from '../../src/pipeline/plan.ts';
import { guardedRuleSetOf } from '../rules/rule-sets.ts';
import { rulesOf, upload, uploads, webp } from './uploads.ts';

const beside = { match: { key: '**/*.jpg' }, outputs: [{ ...webp, target: { key: '{dir}/{name}_t.jpg' } }] };

const named = (...rules: object[]) => ({ rules: rules.map((rule, i) => ({ name: `r${i}`, ...rule })) });

describe('the recursion guard', () => {
  it('the recursion guard skips an object that the rule itself wrote', () => {
    const rules = guardedRuleSetOf(named(beside), '**/*_t.jpg');

    expect(plan(upload('a/x.jpg'), rules)).toMatchObject([
      { status: 'planned', target: { key: 'a/x_t.jpg' } },
    ]);
    expect(plan(upload('a/x_t.jpg'), rules)).toMatchObject([
      { status: 'skipped', reason: 'own-output', rule: 'r0', source: { key: 'a/x_t.jpg' } },
    ]);
  });

  it('the recursion guard skips an output in the bucket that the rule writes to, and in no other', () => {
    const rules = guardedRuleSetOf(named(beside), '**/*_t.jpg', 'photos');

    expect(plan(upload('a_t.jpg', { bucket: 'photos' }), rules)).toMatchObject([{ status: 'skipped' }]);
    expect(plan(upload('a_t.jpg', { bucket: 'other-one' }), rules)).toMatchObject([{ status: 'planned' }]);
  });

  it('the recursion guard skips what each output of a mirror wrote, in its bucket alone, by the guard that the build writes', () => {
    const mirrors = ['mirror-1', 'mirror-2'].map((bucket) => ({ ...webp, target: { bucket, key: '{key}' } }));
    const rules = rulesOf({ match: { key: '**' }, outputs: mirrors, onRemove: 'delete' });
    const removed = { eventName: 'ObjectRemoved:DeleteObject' };

    for (const bucket of ['mirror-1', 'mirror-2']) {
      const items = [{}, removed].map((more) => plan(upload('a.jpg', { bucket, ...more }), rules));
      expect(items).toMatchObject(Array(2).fill([{ reason: 'own-output', rule: 'r0' }]));
    }
    expect(plan(upload('a.jpg'), rules)).toMatchObject([{ status: 'planned' }, { status: 'planned' }]);
  });

  it('the recursion guard leaves the other rules to take what one rule wrote', () => {
    const rules = guardedRuleSetOf(named(beside, { match: { key: '**' }, outputs: [webp] }), '**/*_t.jpg');

    expect(plan(upload('a/x_t.jpg'), rules)).toMatchObject([
      { status: 'skipped', reason: 'own-output', rule: 'r0' },
      { status: 'planned', rule: 'r1' },
    ]);
  });

  it('the recursion guard skips nothing under rules that the build found to need no guard', () => {
    const chain = rulesOf(uploads, {
      match: { key: 'derived/**' },
      outputs: [{ ...webp, target: { key: 'z' } }],
    });

    expect(plan(upload('derived/uploads/a.webp'), chain)).toMatchObject([{ status: 'planned', rule: 'r1' }]);
  });
});
