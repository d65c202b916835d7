import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { guardedRuleSetOf } from '../rules/rule-sets.ts';
import { rulesOf, startLife } from './bench.ts';

const steps: [string, object][] = [
  ['headers', { headers: { 'Cache-Control': 'no-cache' } }],
  ['tags', { tags: { kind: 'thumbnail' } }],
  ['storageClass', { storageClass: 'IA' }],
  ['acl', { acl: 'public-read' }],
  ['skipLarger', { skipLarger: true }],
];

function codesOf(rules: object): string[] {
  const compiled = compileRules(JSON.stringify(rules), 'rules.json');
  return compiled.ok ? checkRules(compiled).diagnostics.map(({ code }) => code) : ['not compiled'];
}

describe.each(steps)('an output with %s', (name, more) => {
  it(`an output with ${name} is refused where the rule would take it again, since the step raises an event of it`, () => {
    const target = { key: '{dir}/{name}-s.{ext}' };

    expect(codesOf(rulesOf({ target, ...more }))).toContain('loop');
    expect(codesOf(rulesOf(more))).not.toContain('loop');
  });

  it(`an output with ${name} ends with its own events, which no rule takes`, async () => {
    const { oss, upload, invoke } = await startLife(more);
    await invoke(await upload('uploads/a', 'a picture'));
    const events = oss.events.splice(0);

    const { report } = await invoke({ events });

    expect(events.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ saved: 0, failed: 0, skipped: events.length });
    expect(oss.events).toEqual([]);
  });

  it(`an output with ${name} is skipped by the recursion guard at the event of the copy, as at that of the save`, () => {
    const rules = guardedRuleSetOf(rulesOf(more), 'uploads/own/**');
    const event = { bucket: 'photos', key: 'uploads/own/a' };

    for (const eventName of ['ObjectCreated:PutObject', 'ObjectCreated:CopyObject']) {
      expect(plan({ kind: 'object', event: { ...event, eventName } }, rules)).toMatchObject([
        { status: 'skipped', reason: 'own-output' },
      ]);
    }
  });
});
