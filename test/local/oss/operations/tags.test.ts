import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { put } from './signed-object.ts';

describe('tags', () => {
  it.each([
    ['a=1&a=2'],
    [Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&')],
    [`${'k'.repeat(129)}=v`],
    [`k=${'v'.repeat(257)}`],
    ['a<b=1'],
  ])('tags are refused as %j', async (tagging) => {
    const answer = await (await startOss()).call(put({ headers: { 'x-oss-tagging': tagging } }));

    expect([answer.statusCode, answer.code]).toEqual([400, 'InvalidTag']);
  });
});
