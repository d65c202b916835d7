import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/pipeline/plan.ts';
import { rulesOf, upload, uploads, webp } from './uploads.ts';

describe('the recursion guard', () => {
  const sibling = {
    match: { key: '**/*.jpg' },
    outputs: [{ ...webp, target: { key: '{dir}/{name}_t.jpg' } }],
  };

  it('skips an object that one of our outputs wrote', () => {
    const rules = rulesOf(sibling);

    expect(plan(upload('a/x.jpg'), rules)).toMatchObject([
      { status: 'planned', target: { key: 'a/x_t.jpg' } },
    ]);
    expect(plan(upload('a/x_t.jpg'), rules)).toMatchObject([
      { status: 'skipped', reason: 'own-output', rule: 'r0' },
    ]);
  });

  it('skips what comes back over another rule and another bucket', () => {
    const there = {
      match: { key: '**', bucket: 'photos' },
      outputs: [{ ...webp, target: { bucket: 'mirror', key: 'm/{key}' } }],
    };
    const back = {
      match: { key: '**', bucket: 'mirror' },
      outputs: [{ ...webp, target: { bucket: 'photos', key: 'p/{key}' } }],
    };
    const rules = rulesOf(there, back);

    expect(plan(upload('p/m/x', { bucket: 'photos' }), rules)).toMatchObject([
      { status: 'skipped', reason: 'own-output' },
    ]);
  });

  it('lets a chain through that leads nowhere back', () => {
    const cover = {
      match: { key: 'videos/*.mp4' },
      outputs: [{ style: 'video/snapshot,t_1000', target: { key: 'covers/{name}.jpg' } }],
    };
    const thumb = {
      match: { key: 'covers/*.jpg' },
      outputs: [{ ...webp, target: { key: 'thumbs/{name}.webp' } }],
    };

    expect(plan(upload('covers/a.jpg'), rulesOf(cover, thumb))).toMatchObject([
      { status: 'planned', rule: 'r1' },
    ]);
  });

  it('leaves alone an upload that only looks like an output of a rule that cannot come back', () => {
    const rules = rulesOf(uploads, {
      match: { key: 'derived/**' },
      outputs: [{ ...webp, target: { key: 'z/{base}' } }],
    });

    expect(plan(upload('derived/uploads/a.webp'), rules)).toMatchObject([{ status: 'planned', rule: 'r1' }]);
  });

  it('ends every upload after finitely many rounds, whatever the rules', () => {
    const glob = fc.constantFrom('**', '**/*.jpg', 'a/**', '*', 'a/*', '{a,b}/**', '**/*_t.jpg');
    const target = fc.constantFrom(
      'a/{base}',
      '{dir}/{name}_t.jpg',
      'b/{key}',
      '{name}',
      'a/{dir}/{name}.jpg',
      '{ext}/{name}',
    );
    const rule = fc.record({ match: fc.record({ key: glob }), target: target.map((key) => ({ key })) });
    const rules = fc.array(rule, { minLength: 1, maxLength: 4 });

    fc.assert(
      fc.property(rules, fc.constantFrom('a/x.jpg', 'x', 'b/a/y.jpg', 'a.b.jpg'), (parts, first) => {
        const set = rulesOf(
          ...parts.map(({ match, target: to }) => ({ match, outputs: [{ ...webp, target: to }] })),
        );
        let keys: string[] = [first];
        let rounds = 0;
        for (; keys.length > 0 && rounds <= 20; rounds++) {
          const written = keys
            .flatMap((key) => plan(upload(key), set))
            .flatMap((item) => (item.status === 'planned' ? [item.target.key] : []));
          keys = [...new Set(written)];
        }

        expect(rounds).toBeLessThanOrEqual(parts.length + 2);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is what stands between such rules and a loop', () => {
    let key = 'a/x.jpg';
    for (let round = 0; round < 50; round++) {
      const [item] = plan(upload(key), rulesOf(sibling), () => false);
      key = item?.status === 'planned' ? item.target.key : '';
    }

    expect(key).toBe(`a/x${'_t'.repeat(50)}.jpg`);
  });
});
