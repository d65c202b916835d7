import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compileRules } from '../src/compile/compile.ts';
import { targetsOf } from '../src/targets-of.ts';
import { anyKey, anySketch, compileSketches, planOf } from './check/sketches.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

const rulesOf = (output: object, match: object = { key: 'in/**' }) =>
  ruleSetOf({ rules: [{ name: 'r', match, outputs: [{ style: 'image/resize,w_9', ...output }] }] });

const upload = { bucket: 'photos', key: 'in/a.jpg' };

/** The module as a web application bundles it; node: imports fail there. */
async function bundleForBrowsers(format: 'iife' | 'esm'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ['src/targets-of.ts'],
    platform: 'browser',
    globalName: 'ossSaveas',
    bundle: true,
    minify: true,
    format,
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

describe('targetsOf', () => {
  const numRuns = Number(process.env.TARGETS_RUNS ?? 1_000);

  it(`targetsOf names exactly the targets that the planner plans, for ten keys under each of ${numRuns} random rule sets`, () => {
    const seed = Date.now();
    let named = 0;
    fc.assert(
      fc.property(
        fc.array(anySketch, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ bucket: fc.constantFrom('bucket-1', 'bucket-2'), key: anyKey }), {
          minLength: 10,
          maxLength: 10,
        }),
        (sketches, objects) => {
          const compiled = compileSketches(sketches);
          fc.pre(compiled.ok);
          const rules = compiled.ok ? compiled.ruleSet : { rules: [] };
          for (const object of objects) {
            const targets = targetsOf(rules, object);

            const planned = planOf(rules, object).flatMap((item) =>
              item.status === 'planned' ? [{ ...item.target, rule: item.rule }] : [],
            );
            expect(targets.map(({ vary, ...target }) => target)).toEqual(planned);
            named += targets.length;
          }
        },
      ),
      { numRuns, seed },
    );
    // There are about twice as many.
    expect(named, `seed ${seed}`).toBeGreaterThan(numRuns);
  }, 240_000);

  it('targetsOf tells the rule and the values of vary, for every combination', () => {
    const output = { vary: { w: [320, 640], f: ['webp'] }, target: { key: 'out/{name}-{w}.{f}' } };

    expect(targetsOf(rulesOf(output), upload)).toEqual([
      { bucket: 'photos', key: 'out/a-320.webp', rule: 'r', vary: { w: 320, f: 'webp' } },
      { bucket: 'photos', key: 'out/a-640.webp', rule: 'r', vary: { w: 640, f: 'webp' } },
    ]);
  });

  it('targetsOf takes an ETag with the quotes that HTTP clients give it', () => {
    const rules = rulesOf({ target: { key: 'out/{etag}' } });

    expect(targetsOf(rules, { ...upload, eTag: '"5B3C"' }).map(({ key }) => key)).toEqual(['out/5B3C']);
  });

  it('targetsOf leaves out what OSS would not save: a key that is too long, and the source itself', () => {
    expect(
      targetsOf(rulesOf({ target: { key: 'out/{key}{key}' } }), { ...upload, key: `in/${'a'.repeat(600)}` }),
    ).toEqual([]);
    expect(targetsOf(rulesOf({ target: { key: 'in/{base}' } }), upload)).toEqual([]);
  });

  it('targetsOf takes a rule with a size only for an upload that tells its own', () => {
    const rules = rulesOf({ target: { key: 'out/{key}' } }, { key: 'in/**', size: { max: 9 } });

    expect(targetsOf(rules, upload)).toEqual([]);
    expect(targetsOf(rules, { ...upload, sizeBytes: 9 })).toHaveLength(1);
  });

  it.each([
    ['etag', { eTag: 'AB' }, 'eTag', 'AB'],
    ['yyyy', { eventTime: '2026-03-11T00:00:00Z' }, 'eventTime', '2026'],
  ])('targetsOf asks for what {%s} in a key needs, and never guesses it', (variable, more, name, value) => {
    const rules = rulesOf({ target: { key: `out/{${variable}}` } });

    expect(() => targetsOf(rules, upload)).toThrow(
      new RangeError(`rule r names its targets by {${variable}}: pass the upload's ${name}`),
    );
    expect(targetsOf(rules, { ...upload, ...more })).toMatchObject([{ key: `out/${value}` }]);
  });

  it('targetsOf refuses a time without an offset, whose day would be another one in each zone', () => {
    const rules = rulesOf({ target: { key: 'out/{dd}' } });

    expect(() => targetsOf(rules, { ...upload, eventTime: '2026-01-31T23:00:00' })).toThrow(
      'eventTime: expected ISO 8601 such as 2026-01-31T18:00:00Z, received "2026-01-31T23:00:00"',
    );
    expect(targetsOf(rules, { ...upload, eventTime: '2026-02-01T07:00:00+08:00' })).toMatchObject([
      { key: 'out/31' },
    ]);
  });

  it('targetsOf needs neither the ETag nor the day where only the style has them', () => {
    const rules = rulesOf({
      style: 'image/watermark,text_{b64:{yyyy} {etag}}',
      target: { key: 'out/{base}' },
    });

    expect(targetsOf(rules, upload)).toMatchObject([{ key: 'out/a.jpg' }]);
  });
});

describe('the bundle for browsers', () => {
  it('the bundle for browsers has less than 10 KB, and nothing of Node.js', async () => {
    const code = await bundleForBrowsers('esm');

    expect(Buffer.byteLength(code)).toBeLessThan(10 * 1024);
    expect(code).not.toMatch(/\bBuffer\b|\brequire\b|node:/);
  });

  it('the bundle for browsers names targets where there are only the globals of a browser', async () => {
    const rules = rulesOf({ target: { key: 'out/{b64:花 {name}}' } });
    const code = `${await bundleForBrowsers('iife')}; ossSaveas.targetsOf(rules, upload)`;

    const targets = runInNewContext(code, { rules, upload, TextEncoder, btoa });

    expect(targets[0].key).toBe(`out/${Buffer.from('花 a').toString('base64url')}`);
  });
});

describe('docs/variants.md', () => {
  it('docs/variants.md shows what its own rules and code give', async () => {
    const text = await readFile('docs/variants.md', 'utf8');
    const blockOf = (language: string) => text.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';
    const compiled = compileRules(blockOf('yaml'), 'rules.yaml');
    const rulesJson = compiled.ok ? JSON.stringify(compiled.ruleSet) : '';
    const dir = await mkdtemp(join(tmpdir(), 'variants-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    await writeFile(join(dir, 'page.ts'), blockOf('ts'));
    await build({
      entryPoints: [join(dir, 'page.ts')],
      alias: { 'oss-saveas': './src/targets-of.ts' },
      outfile: join(dir, 'page.mjs'),
      bundle: true,
      format: 'esm',
    });

    const { srcsetOf } = await import(join(dir, 'page.mjs'));

    expect(srcsetOf(rulesJson, 'uploads/2026/cat.jpg')).toBe(blockOf('text').trim());
  });
});
