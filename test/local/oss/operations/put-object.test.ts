import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { element, object, put } from '../text-object.ts';

describe('PutObject', () => {
  it.each(['If-Modified-Since', 'If-Unmodified-Since', 'If-Match', 'If-None-Match'])(
    'refuses the condition %s, which it has not',
    async (name) => {
      const oss = await startOss();

      const response = await put(oss, { [name.toLowerCase()]: 'Thu, 11 Aug 2019 01:43:51 GMT' });

      expect([response.statusCode, response.code]).toEqual([400, 'NotImplemented']);
      expect(element(response.text, 'Header')).toBe(name);
      expect((await oss.call({ ...object, method: 'HEAD' })).statusCode).toBe(404);
    },
  );
});
