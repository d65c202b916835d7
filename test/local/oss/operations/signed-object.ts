import type { SignOptions } from '../v4-client.ts';

export const object = { bucket: 'photos', key: 'a.txt' };

/** The request that stores it. */
export const put = (options: Partial<SignOptions> = {}): SignOptions => ({
  ...object,
  method: 'PUT',
  body: 'hello',
  ...options,
});
