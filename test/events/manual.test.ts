import { describe, expect, it } from 'vitest';
import { keysOf, parse } from './samples.ts';

describe('a manual event', () => {
  it.each([
    [{ bucket: 'b', key: 'k' }, ['b/k']],
    [{ bucket: 'b', keys: ['k', 'l'] }, ['b/k', 'b/l']],
    [
      {
        objects: [
          { bucket: 'b', key: 'k' },
          { bucket: 'c', key: 'l' },
        ],
      },
      ['b/k', 'c/l'],
    ],
  ])('the manual event %o names its objects', (event, keys) => {
    expect(keysOf(parse(event))).toEqual(keys);
  });

  it('a manual event takes whatever facts it states, and no time of its own', () => {
    expect(parse({ bucket: 'b', key: 'k', size: 5, eTag: '"AB"', contentType: 'image/png' })).toEqual([
      {
        kind: 'object',
        options: { dryRun: false, onlyMissing: false, alwaysThrows: false },
        event: {
          bucket: 'b',
          key: 'k',
          eventName: 'Manual',
          sizeBytes: 5,
          eTag: 'AB',
          contentType: 'image/png',
        },
      },
    ]);
  });

  const created = {
    eventName: 'ObjectCreated:PutObject',
    oss: { bucket: { name: 'b' }, object: { key: 'k' } },
  };
  const dry = { bucket: 'b', key: 'k', dryRun: true };
  it.each([
    ['in a list', [dry]],
    ['as a text in a text', JSON.stringify(JSON.stringify(dry))],
    ['in an SMQ message', { type: 'mns:Queue:SendMessage', data: { messageBody: JSON.stringify(dry) } }],
    ['in a dead letter', { requestContext: {}, requestPayload: JSON.stringify(dry) }],
    ['as objects', { objects: [{ bucket: 'b', key: 'k' }], dryRun: true }],
  ])('a manual event keeps its options %s', (_, event) => {
    expect(parse(event)).toMatchObject([{ event: { key: 'k' }, options: { dryRun: true } }]);
  });

  it.each([
    [{ objects: [dry] }, 'objects[0].dryRun: no such field here'],
    [{ objects: [{ bucket: 'b', key: 'k', style: 's' }] }, 'objects[0].style: no such field here'],
    [{ objects: [{ bucket: 'b', keys: ['k'] }] }, 'objects[0].keys: no such field here'],
    [{ bucket: 'b', key: 'k', keys: ['l'] }, 'key: no such field here'],
    [{ bucket: 'b', key: 'k', objects: [{ bucket: 'b', key: 'l' }] }, 'bucket: no such field here'],
    [[{ ...dry, dryRun: 'yes' }], '[0].dryRun: expected true or false'],
    [{ ...dry, rulesDigest: 7 }, 'rulesDigest: expected a text'],
    // Options of a person's beside an event that OSS, or a dead letter, has told.
    [{ events: [created], dryRun: true }, 'dryRun: no such field here'],
    [{ ...created, dryRun: true }, 'dryRun: no such field here'],
    [
      { requestContext: {}, requestPayload: { events: [created] }, dryRun: true },
      'dryRun: no such field here',
    ],
    [{ events: [created], style: 'image/info', target: { key: 'x' } }, 'style: no such field here'],
    [{ ...created, onlyMissing: true }, 'onlyMissing: no such field here'],
    [{ ...created, rulesDigest: '0123456789ab' }, 'rulesDigest: no such field here'],
    [[[{ ...created, alwaysThrows: true }]], '[0][0].alwaysThrows: no such field here'],
  ])('a manual event is refused where a field of it would be ignored: %j', (event, message) => {
    expect(() => parse(event)).toThrow(message);
  });

  it('a manual event may bring a style and a target, and may only ask for the plan', () => {
    const target = { key: 'x/{base}' };

    expect(parse({ bucket: 'b', key: 'k', style: 'image/info', target, dryRun: true })).toMatchObject([
      { options: { dryRun: true, adHoc: { style: 'image/info', target } } },
    ]);
  });

  it.each([{ style: 'image/info' }, { target: { key: 'x' } }])(
    'a manual event that brings %j alone never falls back on the rules',
    (half) => {
      const adHoc = { style: undefined, target: undefined, path: '', ...half };

      expect(parse({ bucket: 'b', key: 'k', ...half })).toMatchObject([{ options: { adHoc } }]);
    },
  );

  it('a manual event may say that its object is empty', () => {
    expect(parse({ bucket: 'b', key: 'k', size: 0 })).toMatchObject([{ event: { sizeBytes: 0 } }]);
  });

  it('a manual event may name the rules that it was planned by', () => {
    expect(parse({ bucket: 'b', key: 'k', rulesDigest: '0123456789ab' })).toMatchObject([
      { options: { rulesDigest: '0123456789ab' } },
    ]);
  });

  it('a manual event may say when its object was modified, which is then its time', () => {
    const time = '2024-05-06T07:08:09Z';

    expect(parse({ objects: [{ bucket: 'b', key: 'k', lastModified: time }] })).toMatchObject([
      { event: { eventTime: time, modifiedAt: time } },
    ]);
  });

  it('a manual event may ask for missing outputs alone', () => {
    expect(parse({ bucket: 'b', key: 'k', onlyMissing: true })).toMatchObject([
      { options: { onlyMissing: true } },
    ]);
  });

  it.each([
    [{ bucket: 'b', key: 'k', lastModified: 'yesterday' }, 'lastModified: expected a time such as'],
    [{ bucket: 'b', key: 'k', alwaysThrows: 'no' }, 'alwaysThrows: expected true or false'],
    [{ bucket: 'b', key: 'k', onlyMissing: 1 }, 'onlyMissing: expected true or false'],
    [{ bucket: 'b', key: '' }, 'key: expected a text, received ""'],
    [{ bucket: 'b', key: 7 }, 'key: expected a text, received 7'],
    [{ objects: [] }, 'objects: expected objects, received an array of 0'],
    [[{ bucket: 'b', key: 7 }], '[0].key: expected a text, received 7'],
    [{ objects: [{ bucket: 'b' }] }, 'objects[0].key: expected a text, received nothing'],
    [{ objects: [{ key: 'k' }] }, 'objects[0].bucket: expected a text, received nothing'],
    [{ bucket: 'b', key: 'k', size: '20MB' }, 'size: expected a whole number of bytes, received "20MB"'],
    [{ bucket: 'b', key: 'k', size: '20' }, 'size: expected a whole number of bytes, received "20"'],
    [{ bucket: 'b', key: 'k', size: -1 }, 'size: expected a whole number of bytes, received -1'],
    [{ bucket: 'b', key: 'k', size: 1.5 }, 'size: expected a whole number of bytes, received 1.5'],
    [{ bucket: 'b', key: 'k', size: 1e300 }, 'size: expected a whole number of bytes, received 1e+300'],
    [{ bucket: 'b', key: 'k', size: null }, 'size: expected a whole number of bytes, received null'],
    [{ bucket: 'b', key: 'k', eTag: 5 }, 'eTag: expected a text, received 5'],
    [{ bucket: 'b', key: 'k', eTag: '' }, 'eTag: expected a text, received ""'],
    [
      { bucket: 'b', key: 'k', contentType: ['image/png'] },
      'contentType: expected a text, received an array',
    ],
    [{ bucket: 'b', key: 'k', lastModified: '2026-02-30T00:00:00Z' }, 'lastModified: expected a time'],
    [{ bucket: 'b', key: 'k', constructor: 1 }, 'constructor: no such field here'],
    [{ bucket: 'b', keys: [7] }, 'keys[0]: expected a text, received 7'],
    [{ bucket: 7, keys: ['k'] }, ' bucket: expected a text, received 7'],
    [{ objects: ['oss://b/k'] }, 'objects[0]: expected an object with bucket and key, received "oss://b/k"'],
    [{ bucket: 'b', keys: 'k' }, 'expected objects, received "k"'],
    [{ bucket: 'b', key: 'k', dryrun: true }, 'dryrun: no such field'],
    [{ bucket: 'b', key: 'k', dryRun: 'yes' }, 'dryRun: expected true or false, received "yes"'],
  ])('the manual event %o is refused by name', (event, message) => {
    expect(() => parse(event)).toThrow(message);
  });
});
