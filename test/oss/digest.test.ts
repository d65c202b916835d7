import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

describe('a digest', () => {
  it.each([
    ['with', {}],
    ['without', { hash: undefined }],
  ])('is the same %s the one-shot hash of newer Nodes', async (_how, changes) => {
    vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), ...changes }));
    const { digest } = await import('../../src/oss/digest.ts');

    // The values of FIPS 180-2 and RFC 1321 for "abc".
    expect(digest('sha256', 'abc', 'hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(digest('md5', Buffer.from('abc'), 'base64')).toBe('kAFQmDzST7DWlj99KOF/cg==');
  });
});
