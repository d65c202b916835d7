import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { plan } from '../../src/pipeline/plan.ts';
import { rulesOf, upload, uploads, webp } from './uploads.ts';

const decode = (process: string) =>
  process.replace(/([ob])_([\w-]+)/g, (_, name, value) => `${name}=${Buffer.from(value, 'base64url')}`);

describe('a plan', () => {
  it('a plan has a task for each output of every rule that matches', () => {
    const marked = { style: 'style/mark', target: { bucket: 'marked', key: '{key}' } };
    const rules = rulesOf(
      uploads,
      { match: { key: '**/*.png' }, outputs: [webp] },
      { match: { key: '**' }, outputs: [marked] },
    );

    const planned = plan(upload('uploads/a/b.jpg'), rules);

    expect(planned).toMatchObject([
      {
        status: 'planned',
        rule: 'r0',
        source: { bucket: 'photos', key: 'uploads/a/b.jpg' },
        target: { bucket: 'photos', key: 'derived/uploads/a/b.webp' },
        style: 'image/resize,w_100/format,webp',
      },
      {
        status: 'planned',
        rule: 'r2',
        target: { bucket: 'marked', key: 'uploads/a/b.jpg' },
        style: 'style/mark',
      },
    ]);
  });

  it('a plan varies an output over every combination, and fills in styles too', () => {
    const output = {
      style: 'image/resize,w_{w}/watermark,text_{b64:© {name}}/format,{f}',
      vary: { w: [320, 640], f: ['webp', 'avif'] },
      target: { key: 'd/{name}-{w}.{f}' },
    };

    const planned = plan(upload('uploads/花.jpg'), rulesOf({ ...uploads, outputs: [output] }));

    expect(planned.map((item) => 'process' in item && [item.target.key, decode(item.process)])).toEqual(
      [
        [320, 'webp'],
        [320, 'avif'],
        [640, 'webp'],
        [640, 'avif'],
      ].map(([w, f]) => {
        const text = Buffer.from('© 花').toString('base64url');
        const style = `image/resize,w_${w}/watermark,text_${text}/format,${f}`;
        return [`d/花-${w}.${f}`, `${style}|sys/saveas,o=d/花-${w}.${f},b=photos`];
      }),
    );
  });

  it('a plan fills in event time, ETag, bucket and rule', () => {
    const target = { key: '{yyyy}/{mm}/{dd}/{bucket}/{rule}/{etag}.{ext}' };
    const [item] = plan(
      upload('uploads/a.jpg', { eTag: 'AB12' }),
      rulesOf({ ...uploads, outputs: [{ ...webp, target }] }),
    );

    expect(item).toMatchObject({ status: 'planned', target: { key: '2026/03/11/photos/r0/AB12.jpg' } });
  });

  it('a plan is the same however often an event is told, and at whatever time', () => {
    onTestFinished(() => void vi.useRealTimers());
    const output = {
      style: 'image/watermark,text_{b64:{etag}}',
      target: { key: '{yyyy}/{dd}/{etag}-{base}' },
    };
    const rules = rulesOf({ ...uploads, outputs: [output] });
    const records = ['AB12', undefined].map((eTag) => upload('uploads/a.jpg', { eTag }));
    const planAll = () => records.map((record) => plan(record, rules));
    const first = planAll();

    vi.useFakeTimers({ now: Date.parse('2031-05-06T07:08:09Z') });

    expect(planAll()).toEqual(first);
  });

  it.each([
    ['a target', { ...webp, target: { key: '{dd}/{name}' } }],
    ['a target with a month', { ...webp, target: { key: '{mm}/{name}' } }],
    ['a style', { style: 'image/watermark,text_{b64:{yyyy}}', target: { key: 'x/{name}' } }],
  ])('a plan fails %s that asks for the day of an event without a time', (_, output) => {
    const timeless = upload('uploads/a.jpg', { eventTime: undefined });

    const items = plan(timeless, rulesOf({ ...uploads, outputs: [output, webp] }));

    expect(items).toMatchObject([
      { status: 'failed', code: 'InvalidOutput', message: expect.stringContaining('pass lastModified') },
      { status: 'planned' },
    ]);
  });

  it('a plan fails an output that would replace the very object of the event', () => {
    const [item] = plan(
      upload('uploads/a.jpg'),
      rulesOf({ ...uploads, outputs: [{ ...webp, target: { key: 'uploads/{name}.jpg' } }] }),
    );

    const source = { bucket: 'photos', key: 'uploads/a.jpg' };
    expect(item).toMatchObject({
      ...{ code: 'InvalidOutput', rule: 'r0', source, target: source },
      message: expect.stringContaining('the source itself'),
    });
  });

  it('a plan tells when an upload was raised, and never that a person asked for it', () => {
    const modifiedAt = '2026-03-11T06:21:35Z';
    const planOf = (more: object) => plan(upload('uploads/a.jpg', { modifiedAt, ...more }), rulesOf(uploads));

    expect(planOf({})).toMatchObject([{ raisedAt: modifiedAt, version: { modifiedAt } }]);
    expect(planOf({ eventName: 'Manual' })).toMatchObject([{ raisedAt: undefined, version: { modifiedAt } }]);
  });

  it.each([
    ['2026-01-01T07:59:59+08:00', '2025-12-31'],
    ['Thu, 01 Jan 2026 00:30:00 GMT', '2026-01-01'],
    ['2026-01-01T00:00:00.000Z', '2026-01-01'],
  ])('a plan takes the day of %s in UTC', (eventTime, day) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('TZ', 'Asia/Shanghai');
    expect(new Date().getTimezoneOffset()).toBe(-480);
    const target = { key: '{yyyy}-{mm}-{dd}' };

    const [item] = plan(
      upload('uploads/a.jpg', { eventTime }),
      rulesOf({ ...uploads, outputs: [{ ...webp, target }] }),
    );

    expect(item).toMatchObject({ status: 'planned', target: { key: day } });
  });

  it.each([
    ['ObjectCreated:InitiateMultipartUpload', 'upload-in-progress'],
    ['objectcreated:uploadpart', 'upload-in-progress'],
    ['ObjectCreated:UploadPart', 'upload-in-progress'],
    ['ObjectCreated:UploadPartCopy', 'upload-in-progress'],
    ['ObjectCreated:PutSymlink', 'symlink'],
    ['ObjectRemoved:DeleteObject', 'removed'],
    ['ObjectRemoved:AbortMultipartUpload', 'removed'],
    ['ObjectReplication:ObjectRemoved', 'removed'],
    ['ObjectModified:UpdateObjectMeta', 'not-a-creation'],
    ['constructor', 'not-a-creation'],
  ])('the event %s plans nothing: %s', (eventName, reason) => {
    expect(plan(upload('uploads/a.jpg', { eventName }), rulesOf(uploads))).toMatchObject([
      { status: 'skipped', reason },
    ]);
  });

  it.each([
    'ObjectCreated:PutObject',
    'ObjectCreated:PostObject',
    'ObjectCreated:CopyObject',
    'ObjectCreated:CompleteMultipartUpload',
    'ObjectCreated:AppendObject',
    'ObjectReplication:ObjectCreated',
    'ObjectReplication:ObjectModified',
    'Manual',
  ])('the event %s plans its outputs', (eventName) => {
    expect(plan(upload('uploads/a.jpg', { eventName }), rulesOf(uploads))).toMatchObject([
      { status: 'planned' },
    ]);
  });

  it('a plan removes nothing for a source in a bucket, or of a key, that the rule does not take', () => {
    const match = { ...uploads.match, bucket: 'photos' };
    const rules = rulesOf({ ...uploads, match, onRemove: 'delete' });
    const eventName = 'ObjectRemoved:DeleteObject';
    const planOf = (key: string, bucket: string) => plan(upload(key, { bucket, eventName }), rules);

    expect(planOf('uploads/a.jpg', 'photos')).toMatchObject([{ status: 'planned', action: 'remove' }]);
    expect(planOf('uploads/a.jpg', 'others')).toMatchObject([{ status: 'skipped', reason: 'removed' }]);
    expect(planOf('elsewhere/a.jpg', 'photos')).toMatchObject([{ status: 'skipped', reason: 'removed' }]);
  });

  it('a plan removes an output whose style asks for the day of an event without a time', () => {
    const output = { style: 'image/watermark,text_{b64:{yyyy}}', target: { key: 'x/{name}' } };
    const rules = rulesOf({ ...uploads, outputs: [output], onRemove: 'delete' });
    const gone = { eventName: 'ObjectRemoved:DeleteObject', eventTime: undefined };

    expect(plan(upload('uploads/a.jpg', gone), rules)).toMatchObject([{ action: 'remove' }]);
  });

  it.each(['uploads/{a.jpg', 'uploads/a}.jpg'])(
    'a plan submits no task with a brace of the key %s',
    (key) => {
      const match = { key: 'uploads/**' };
      const outputs = ['{key}', 'frames/{index}'].map((target) => ({
        ...{ style: 'video/snapshots,f_jpg', target: { key: `out/${target}` } },
      }));

      expect(plan(upload(key), rulesOf({ match, outputs }))).toMatchObject([
        { status: 'failed', code: 'InvalidOutput', message: expect.stringContaining('OSS takes braces') },
        { status: 'planned', action: 'submit', target: { key: 'out/frames/{index}' } },
      ]);
    },
  );

  it('a plan skips directory markers, empty objects and what no rule matches, each with its reason', () => {
    const reasons = [
      upload('uploads/a/'),
      upload('uploads/a.jpg', { sizeBytes: 0 }),
      upload('other/a.jpg'),
    ].map((record) => plan(record, rulesOf(uploads)));

    const skipped = (key: string, reason: string) => [
      { status: 'skipped', reason, eventName: 'ObjectCreated:PutObject', source: { bucket: 'photos', key } },
    ];
    expect(reasons).toEqual([
      skipped('uploads/a/', 'directory-marker'),
      skipped('uploads/a.jpg', 'empty-object'),
      skipped('other/a.jpg', 'no-rule-matched'),
    ]);
  });

  it('a plan skips by name what is about no object, and fails what is malformed', () => {
    expect(plan({ kind: 'other', eventName: 'CloudMonitor:X' }, rulesOf(uploads))).toMatchObject([
      { status: 'skipped', reason: 'not-an-object-event', eventName: 'CloudMonitor:X' },
    ]);
    expect(plan({ kind: 'malformed', problem: 'events[1]: …' }, rulesOf(uploads))).toMatchObject([
      { status: 'failed', kind: 'permanent', code: 'InvalidEvent', message: 'events[1]: …' },
    ]);
  });

  it.each([
    [{ size: { max: '1KB' } }, { sizeBytes: 1024 }, true],
    [{ size: { max: '1KB' } }, { sizeBytes: 1025 }, false],
    [{ size: { min: 10 } }, { sizeBytes: 9 }, false],
    [{ contentType: 'image/*' }, { contentType: 'image/PNG; x=1' }, true],
    [{ contentType: ['image/png', 'image/webp'] }, { contentType: 'image/gif' }, false],
    [{ bucket: ['photos', 'other-one'] }, {}, true],
    [{ bucket: 'other-one' }, {}, false],
    [{ exclude: 'uploads/a*' }, {}, false],
  ])('a rule with %o matches an object of %o: %s', (match, properties, expected) => {
    const [item] = plan(
      upload('uploads/a.jpg', properties),
      rulesOf({ ...uploads, match: { ...uploads.match, ...match } }),
    );

    expect(item?.status).toBe(expected ? 'planned' : 'skipped');
  });

  it('a plan fails an output whose key would be too long, and plans its neighbours', () => {
    const long = { ...webp, target: { key: `${'x'.repeat(1_000)}/{key}` } };

    const planned = plan(
      upload(`uploads/${'y'.repeat(40)}.jpg`),
      rulesOf({ ...uploads, outputs: [long, webp] }),
    );

    expect(planned).toMatchObject([
      { status: 'failed', kind: 'permanent', code: 'InvalidOutput' },
      { status: 'planned' },
    ]);
  });

  it('a plan never lets a key change the style, or the bucket it is saved to', () => {
    const text = { style: 'image/watermark,text_{b64:{key}}', target: { bucket: 'marked', key: 'm/{key}' } };
    const rules = rulesOf({ match: { key: '**' }, outputs: [text] });

    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (key) => {
        const [item] = plan(upload(key), rules);
        fc.pre(item?.status === 'planned' && item.action !== 'remove');

        expect(item.process).toMatch(/^image\/watermark,text_[\w-]+\|sys\/saveas,o_[\w-]+,b_bWFya2Vk$/);
        expect(item.target).toEqual({ bucket: 'marked', key: `m/${key}` });
      }),
    );
  });
});
