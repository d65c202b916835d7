import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listingSource } from '../../src/backfill/listing.ts';
import { createPace } from '../../src/backfill/pace.ts';
import type { Source } from '../../src/backfill/source.ts';
import { planSearch, scanSources } from '../../src/cli/orphans-search.ts';
import { compileRules, type SourceRule } from '../../src/compile/compile.ts';
import { countOrphans, isChangedSince } from '../../src/orphans/find.ts';
import { Names } from '../../src/orphans/names.ts';
import { removeOrphans } from '../../src/orphans/remove.ts';
import type { Call } from '../../src/oss/call.ts';
import { plan } from '../../src/pipeline/plan.ts';
import type { OssObject } from '../../src/process.ts';
import type { Rule } from '../../src/rules/rule-set.ts';
import { createIo } from '../cli/terminal.ts';
import { createFakeBucketCall, type FakeBuckets } from './fake-buckets.ts';

const dirs = ['', 'in', 'in/x', 'in/x/y', 'in/tmp', 'a', 'b', 'out', 'out/x'];
const names = ['a', 'b', 'a-1', 'a-12', 'c.d', 'Ä'];
const extensions = ['jpg', 'png', 'gif', 'webp', ''];
const buckets = ['photos', 'films', 'made'];

const keyOf = (dir: string, name: string, ext: string) =>
  `${dir === '' ? '' : `${dir}/`}${name}${ext === '' ? '' : `.${ext}`}`;

const key = fc
  .tuple(fc.constantFrom(...dirs), fc.constantFrom(...names), fc.constantFrom(...extensions))
  .map((parts) => keyOf(...parts));
const object = fc.record({ bucket: fc.constantFrom(...buckets), key });

const output = fc
  .record({
    key: fc.constantFrom(
      ...['out/{key}', 'out/{dir}/{base}.webp', 'out/{name}.webp', 'out/{dir}/{name}-{w}.webp', 'b/{base}'],
      ...[
        '{rule}/{ext}/{name}',
        '{dir}/{name}.webp',
        'out/{etag}.webp',
        'out/{yyyy}/{base}',
        '{w}/{base}-{w}',
      ],
      ...['{name}/{name}', 'out/{b64:{key}}', 'made/{bucket}/{base}', 'in/x/{name}.gif'],
    ),
    bucket: fc.constantFrom(undefined, undefined, ...buckets),
    refresh: fc.constantFrom(undefined, 'missing'),
  })
  .map(({ refresh, ...target }) => ({
    style: 'image/resize,w_1',
    target,
    refresh,
    vary: target.key.includes('{w}') ? { w: [1, 12] } : undefined,
  }));

const rule = fc.record({
  match: fc.record({
    key: fc.constantFrom('in/**/*.jpg', 'in/**', 'in/*.{jpg,png}', '{a,b}/**/*', '**/*.gif', '**', 'a*/*'),
    exclude: fc.constantFrom(undefined, 'in/tmp/**', 'out/**'),
    bucket: fc.constantFrom(undefined, 'photos', ['photos', 'films']),
    size: fc.constantFrom(undefined, { min: 10 }),
    contentType: fc.constantFrom(undefined, 'image/png'),
  }),
  outputs: fc.array(output, { minLength: 1, maxLength: 2 }),
});

type RuleDocument = typeof rule extends fc.Arbitrary<infer T> ? T : never;

const world = fc.record({
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  sources: fc.uniqueArray(fc.record({ object, isGone: fc.boolean() }), {
    maxLength: 8,
    selector: ({ object: { bucket, key: name } }) => `${bucket}/${name}`,
  }),
  foreign: fc.array(object, { maxLength: 6 }),
  oneRule: fc.boolean(),
});

function compile(rules: readonly object[]): readonly SourceRule[] | undefined {
  const named = rules.map((one, i) => ({ name: `r${i}`, ...one }));
  const compiled = compileRules(JSON.stringify({ rules: named }), 'rules.json');
  return compiled.ok ? compiled.source : undefined;
}

/** Lists what the rules make of an object, whatever its size and type. */
function targetsOf({ bucket, key: name }: OssObject, rules: readonly Rule[]): OssObject[] {
  const event = { bucket, key: name, eventName: 'Manual', eventTime: '2026-01-02T00:00:00Z', eTag: 'E1' };
  const sizes = [1, 20].flatMap((sizeBytes) =>
    ['image/png', 'image/jpeg'].map((contentType) => ({ ...event, sizeBytes, contentType })),
  );
  return sizes.flatMap((one) =>
    plan({ kind: 'object', event: one }, { rules }).flatMap((item) => item.target ?? []),
  );
}

const nameOf = (one: OssObject) => `${one.bucket}/${one.key}`;
const old = Date.parse('2026-01-01T00:00:00Z');

/** Every key that could be a source here, which is more than there ever were. */
const allSources = buckets.flatMap((bucket) =>
  dirs.flatMap((dir) =>
    names.flatMap((name) => extensions.map((ext) => ({ bucket, key: keyOf(dir, name, ext) }))),
  ),
);

/** Deletes the orphans among objects of a fake OSS, and answers what was deleted. */
async function deleteOrphans(
  rules: readonly SourceRule[],
  store: FakeBuckets,
  rule: string | undefined,
): Promise<string[]> {
  const before = [...store.keys()];
  const call = createFakeBucketCall(store);
  const within = buckets.map((bucket) => ({ bucket, prefix: '' }));
  const search = planSearch(rules, { rule, buckets, within }, call);
  const scan = await scanSources(search, call, createIo().io);
  const counted = await countOrphans(search.source, scan, () => {});
  const pace = createPace({ callsPerSecond: 1e6, bytesPerSecond: 1e9, now: Date.now, sleep });
  const stop = new AbortController().signal;
  const sources = listingSource(search.sources, call);
  const removal = { counts: { removed: 0, failed: 0 }, failures: [] };
  await removeOrphans({ source: search.source, sources, scan, call, pace, stop }, removal);
  expect(removal.counts).toMatchObject({ removed: counted.orphans, failed: 0 });
  return before.filter((name) => !store.has(name));
}

describe('a deletion of orphans', () => {
  it('a deletion of orphans never deletes what an existing source has, what a rule takes, or what no output could have saved', async () => {
    const seed = Date.now();
    let deletions = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ rules: documents, sources, foreign, oneRule }) => {
        const rules = compile(documents);
        fc.pre(rules !== undefined);
        const compiled = rules.map((one) => one.compiled);
        const store: FakeBuckets = new Map();
        const made = new Set(sources.flatMap((one) => targetsOf(one.object, compiled)).map(nameOf));
        for (const name of [...made, ...foreign.map(nameOf)]) {
          store.set(name, old);
        }
        for (const { object: source, isGone } of sources) {
          if (isGone) {
            store.delete(nameOf(source));
          } else {
            store.set(nameOf(source), old);
          }
        }
        const there = [...store.keys()].map(objectOf);

        const deleted = await deleteOrphans(rules, store, oneRule ? 'r0' : undefined).catch((error) => {
          expect(String(error)).toContain('no output saves there with a key that tells its source');
          return [];
        });

        const wanted = oneRule ? compiled.slice(0, 1) : compiled;
        const planned = new Set(there.flatMap((one) => targetsOf(one, compiled)).map(nameOf));
        const possible = new Set(allSources.flatMap((one) => targetsOf(one, wanted)).map(nameOf));
        deletions += deleted.length;
        expect(deleted.filter((name) => planned.has(name))).toEqual([]);
        expect(deleted.filter((name) => targetsOf(objectOf(name), compiled).length > 0)).toEqual([]);
        expect(deleted.filter((name) => !possible.has(name) && !couldBe(name, wanted))).toEqual([]);
        if (documents.every(isSimple)) {
          const gone = sources.filter(({ isGone }) => isGone).flatMap((one) => targetsOf(one.object, wanted));
          const left = gone.map(nameOf).filter((name) => store.has(name) && !planned.has(name));
          expect(left.filter((name) => targetsOf(objectOf(name), compiled).length === 0)).toEqual([]);
        }
      }),
      { numRuns: 400, seed },
    );
    // There are about a hundred.
    expect(deletions, `seed ${seed}`).toBeGreaterThan(10);
  }, 120_000);
});

describe('the end of a deletion of orphans', () => {
  it.each<[string, (store: FakeBuckets) => unknown, string]>([
    ['is gone already', (store) => store.clear(), 'target-missing'],
    ['was saved anew', (store) => store.set('photos/x/in/a.jpg', old + 60_000), 'changed-since'],
  ])(
    'a deletion of orphans goes by the clock of OSS, and leaves one alone that %s',
    async (_, change, reason) => {
      const rules = compile([
        { match: { key: 'in/**' }, outputs: [{ style: 'style/a', target: { key: 'x/{key}' } }] },
      ]);
      const store: FakeBuckets = new Map([['photos/x/in/a.jpg', old - 10_000]]);
      const fake = createFakeBucketCall(store);
      const call: Call = async (request) => {
        if (request.operation === 'HeadObject') {
          change(store);
          store.set('photos/in/a.jpg', old + 60_000);
        }
        const response = await fake(request);
        return { ...response, headers: { ...response.headers, date: new Date(old).toUTCString() } };
      };
      const search = planSearch(rules ?? [], { buckets: ['photos'], within: [] }, call);
      const scan = await scanSources(search, call, createIo().io);
      const sources = listingSource(search.sources, call);
      const pace = createPace({ callsPerSecond: 1e6, bytesPerSecond: 1e9, now: Date.now, sleep });
      const removal = { counts: { removed: 0, failed: 0 }, failures: [] };

      const stop = new AbortController().signal;
      const options = { source: search.source, sources, scan, call, pace, stop };

      expect(await removeOrphans(options, removal)).toBe(0);
      expect(scan.startedAtMs).toBeLessThanOrEqual(old);
      expect(removal.counts).toEqual({ removed: 0, failed: 0, [reason]: 1 });
    },
  );

  it('a search for orphans began, by the clock of OSS, when the first list of sources was asked for', async () => {
    const names = Array.from({ length: 5 }, (_, i) => `photos/in/${i}.jpg`);
    const fake = createFakeBucketCall(new Map(names.map((name) => [name, old])));
    let nowMs = old;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => nowMs);
    onTestFinished(() => clock.mockRestore());
    const call: Call = async (request) => {
      nowMs += 5_000;
      const response = await fake(request);
      const date = new Date(nowMs - 60_000).toUTCString();
      return { ...response, headers: { ...response.headers, date } };
    };
    const rules = compile([
      { match: { key: 'in/**' }, outputs: [{ style: 'style/a', target: { key: 'x/{key}' } }] },
    ]);
    const search = planSearch(rules ?? [], { buckets: ['photos'], within: [] }, call);

    const { startedAtMs, sources } = await scanSources(search, call, createIo().io);

    expect([startedAtMs, sources]).toEqual([old - 60_000, 5]);
  });

  it('an object may have been saved at any moment of the second that OSS tells', () => {
    const isChanged = [999, 1_000].map((ms) => isChangedSince('2026-01-01T00:00:00Z', old + ms));

    expect(isChanged).toEqual([true, false]);
  });

  it('the end of a deletion of orphans, which looks at all sources again, heeds Ctrl-C', async () => {
    const controller = new AbortController();
    const object = { bucket: 'photos', key: 'in/a.jpg', eventName: 'Manual' };
    let read = 0;
    const sources: Source = {
      name: '',
      fingerprint: '',
      async *read() {
        for (; read < 100; read += 1) {
          controller.abort();
          yield { object, position: { part: 0, after: read } };
        }
      },
    };
    const source: Source = { ...sources, async *read() {} };
    const rules = compile([
      { match: { key: 'in/**' }, outputs: [{ style: 'style/a', target: { key: 'x/{key}' } }] },
    ]);
    const call = createFakeBucketCall(new Map());
    const search = planSearch(rules ?? [], { buckets: ['photos'], within: [] }, call);
    const scan = await scanSources(search, call, createIo().io);
    const pace = createPace({ callsPerSecond: 1e6, bytesPerSecond: 1e9, now: Date.now, sleep });

    const removal = { counts: { removed: 0, failed: 0 }, failures: [] };
    const ending = removeOrphans({ source, sources, scan, call, pace, stop: controller.signal }, removal);

    await expect(ending).rejects.toThrow('aborted');
    expect(read).toBe(0);
  });
});

/** Whether every target of a rule can be told from its source's key. */
function isSimple({ match, outputs }: RuleDocument): boolean {
  return outputs.every(
    ({ target }) =>
      !/etag|yyyy|b64|\{name\}\/\{name\}/.test(target.key) &&
      (target.bucket === undefined || match.bucket !== undefined),
  );
}

function objectOf(name: string): OssObject {
  const slash = name.indexOf('/');
  return { bucket: name.slice(0, slash), key: name.slice(slash + 1) };
}

/** Whether some source that is made of pieces of the target's key has it as its target. */
function couldBe(name: string, rules: readonly Rule[]): boolean {
  const { key: target } = objectOf(name);
  const pieces = new Set<string>();
  for (let start = 0; start <= target.length; start += 1) {
    for (let end = start + 1; end <= target.length; end += 1) {
      pieces.add(target.slice(start, end));
    }
  }
  const bases = [...pieces].flatMap((piece) => [piece, ...extensions.map((ext) => `${piece}.${ext}`)]);
  const sources = bases.flatMap((base) => [base, ...dirs.map((dir) => `${dir}/${base}`)]);
  return sources.some((source) =>
    buckets.some((bucket) => targetsOf({ bucket, key: source }, rules).map(nameOf).includes(name)),
  );
}

describe('the names of objects', () => {
  it('the names of objects are found among many, and others are not', () => {
    const set = new Names();
    for (let i = 0; i < 200_000; i += 1) {
      set.add({ bucket: 'photos', key: `derived/${i}.webp` });
    }

    const found = Array.from({ length: 1_000 }, (_, i) => {
      return set.has({ bucket: 'photos', key: `derived/${i * 200}.webp` });
    });
    const others = Array.from({ length: 1_000 }, (_, i) => {
      return set.has({ bucket: 'photos', key: `derived/${i}.png` });
    });
    others.push(set.has({ bucket: 'films', key: 'derived/0.webp' }));
    expect([found.every(Boolean), others.some(Boolean)]).toEqual([true, false]);
  });
});
