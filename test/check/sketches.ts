import fc from 'fast-check';
import { type CompiledRules, compileRules } from '../../src/compile/compile.ts';
import { plan } from '../../src/pipeline/plan.ts';
import type { PlanItem } from '../../src/pipeline/result.ts';
import type { OssObject } from '../../src/process.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';

/** A rule in short: an output for each key that is saved `to`. */
export interface Sketch {
  key: string | string[];
  exclude?: string | string[] | undefined;
  bucket?: string | string[] | undefined;
  to: string | string[];
  toBucket?: string | undefined;
  vary?: object | undefined;
  style?: string | undefined;
}

export function compileSketches(sketches: readonly Sketch[]): CompiledRules {
  const rules = sketches.map(
    ({ key, exclude, bucket, to, toBucket, vary, style = 'image/resize,w_9' }, i) => ({
      name: `r${i}`,
      match: { key, exclude, bucket },
      outputs: [to].flat().map((key) => ({ style, target: { key, bucket: toBucket }, vary })),
    }),
  );
  return compileRules(JSON.stringify({ rules }), 'rules.json');
}

/** Plans an upload by the handler's own planner; `version` is its ETag. */
export function planOf(rules: Pick<RuleSet, 'rules'>, object: OssObject, version = 0): PlanItem[] {
  const event = {
    ...object,
    eventName: 'ObjectCreated:PutObject',
    eventTime: '2026-01-01T00:00:00.000Z',
    eTag: `${version}`,
  };
  return plan({ kind: 'object', event }, rules);
}

/** Lists where all results are saved, whatever the recursion guard says; one that is refused counts only as the source itself. */
export function targetsOf({ rules }: Pick<RuleSet, 'rules'>, object: OssObject, version = 0): OssObject[] {
  const unguarded = rules.map((rule) => ({ ...rule, ownOutputs: undefined }));
  return planOf({ rules: unguarded }, object, version).flatMap(({ status, target }) => {
    const isItself = target?.bucket === object.bucket && target.key === object.key;
    return target !== undefined && (status === 'planned' || isItself) ? [target] : [];
  });
}

const folder = fc.constantFrom('a', 'b', 'ab', 'x', '😀😁', '😁', '**', '*', '{a,b}', '?');
const file = fc.constantFrom('*.jpg', '*.{jpg,png}', '*', '**', '**', '*_t.*', '[ab]*.png', 'k.jpg');
const glob = fc
  .tuple(fc.array(folder, { maxLength: 2 }), file)
  .map(([folders, last]) => [...folders, last].join('/'));
const targetFolder = fc.constantFrom('{dir}', '{name}', 'a', 'b', '😀😁', '{ext}', '{base}', '{rule}');
const targetFile = fc.constantFrom(
  '{base}',
  '{name}.png',
  '{name}_t.jpg',
  '{key}',
  '{name}.{ext}',
  'k.jpg',
  '{w}{base}',
);
const target = fc
  .tuple(fc.array(targetFolder, { maxLength: 2 }), targetFile)
  .map(([folders, last]) => [...folders, last].join('/'));
const bucket = fc.option(fc.constantFrom('bucket-1', 'bucket-2'), { nil: undefined });
/** A rule of few folders and names, so that rules meet each other's outputs. */
export const anySketch: fc.Arbitrary<Sketch> = fc
  .record({
    key: fc.oneof(glob, fc.array(glob, { minLength: 1, maxLength: 2 })),
    exclude: fc.option(glob, { nil: undefined }),
    bucket,
    to: target,
    toBucket: bucket,
  })
  .map(({ key, exclude, bucket: from, to, toBucket }) => ({
    key,
    to,
    ...(to.includes('{w}') && { vary: { w: ['a', 'ab/'] } }),
    ...(exclude && { exclude }),
    ...(from && { bucket: from }),
    ...(toBucket && { toBucket }),
  }));
/** A key that such rules may take. */
export const anyKey = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'x', 'ab', 'k', '😀😁', '😁'), { maxLength: 3 }),
    fc.constantFrom('a', 'b', 'x', 'k', 'a_t', 'b.x', '.a'),
    fc.constantFrom('.jpg', '.png', '', '.'),
  )
  .map(([folders, name, ext]) => [...folders, name + ext].join('/'));
