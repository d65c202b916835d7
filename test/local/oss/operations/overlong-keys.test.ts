/* Keys such as scanners upload: `.` and `/` in the overlong UTF-8 that OSS takes (live test of ossutil, TestRmSpecialCharacterKey). */
import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';

describe('a key in overlong UTF-8', () => {
  it.each([
    ['c0aec0ae2fc0aec0ae2f6574632fe69687', 501, 'NotImplemented'],
    ['61c1ae', 501, 'NotImplemented'],
    ['c0', 400, 'InvalidArgument'],
    ['c041', 400, 'InvalidArgument'],
    ['aec0', 400, 'InvalidArgument'],
    ['d6d0', 400, 'InvalidArgument'],
    ['eda080', 400, 'InvalidArgument'],
    ['f8808080', 400, 'InvalidArgument'],
  ])('a key in overlong UTF-8 is named, and other bytes are refused: %s', async (bytes, status, refusal) => {
    const oss = await startOss();

    const key = Buffer.from(bytes, 'hex');
    const { statusCode, code } = await oss.call({ method: 'PUT', bucket: 'photos', key, body: 'x' });

    expect([statusCode, code]).toEqual([status, refusal]);
    expect(oss.store.bucket('photos').keys).toEqual([]);
  });
});
