import type * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bucketSettingsSchema, newBucketSettings } from '../../../../src/local/oss/store/bucket-settings.ts';
import { Store } from '../../../../src/local/oss/store/store.ts';
import { temporaryDir } from '../running-oss.ts';

/** The system refuses what is opened or read so, be the user root. */
const refused = vi.hoisted(() => ({ call: '' }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const refusing =
    <Arguments extends unknown[], Result>(name: string, call: (...args: Arguments) => Result) =>
    (...args: Arguments): Result => {
      if (refused.call === name) {
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' });
      }
      return call(...args);
    };
  return {
    ...real,
    openSync: refusing('openSync', real.openSync),
    readFileSync: refusing('readFileSync', real.readFileSync as (path: string) => string),
  };
});

beforeEach(() => {
  refused.call = '';
});

describe('a data folder that the system does not let us read', () => {
  it.each(['openSync', 'readFileSync'])(
    'a data folder that the system does not let us read ends the start and stays as it is: %s',
    async (call) => {
      const dataDir = await temporaryDir();
      const setAside = vi.fn();
      const open = () =>
        new Store({
          folder: join(dataDir, 'buckets'),
          temporaryFolder: join(dataDir, 'tmp'),
          settingsSchema: bucketSettingsSchema,
          setAside,
          now: () => 0,
        });
      const store = open();
      store.createBucket('photos', newBucketSettings(0));
      await store.put({ bucket: 'photos', key: 'a', source: [Buffer.from('body')], headers: {} });

      refused.call = call;
      expect(open).toThrow('EACCES');

      refused.call = '';
      expect(open().bucket('photos').keys).toEqual(['a']);
      expect(setAside).not.toHaveBeenCalled();
    },
  );
});
