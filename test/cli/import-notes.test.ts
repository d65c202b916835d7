import { expect, it } from 'vitest';
import { importRules } from '../../src/cli/import.ts';

it('import makes an output of reduce too, takes the bucket of all, and notes each setting that it loses', () => {
  const config = {
    bucket: 'rooms',
    backup: {},
    reduce: { quality: 90, directory: 'r', optimizer: 'x' },
    resizes: [
      { size: 1, directory: 'a', bucket: 'my.rooms', acl: 'authenticated-read', cacheControl: 'a\nb' },
      { size: '2000%', directory: 'b' },
      { directory: 'c' },
      { size: 'x', directory: 'd' },
      { format: 'bmp', directory: 'e' },
      { quality: 101, directory: 'f' },
    ],
  };

  const { rules, notes } = importRules(JSON.stringify(config), 'config.json');

  expect(rules).toMatch(
    /style: image\/quality,Q_90\n +target:\n +bucket: rooms\n +key: r\/\{name\}\.\{ext\}/,
  );
  expect(notes.slice(2)).toEqual([
    'backup has no counterpart.',
    'reduce.optimizer has no counterpart.',
    'resizes[0]: no OSS bucket can be named my.rooms; add target.bucket.',
    'resizes[0].acl has no counterpart.',
    'resizes[0].cacheControl has no counterpart.',
    ...[1, 2, 3, 4, 5].map((i) => `resizes[${i}] is left out: its style has no counterpart.`),
  ]);
});
