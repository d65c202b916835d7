import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { object, put } from './signed-object.ts';

describe('tags', () => {
  it.each([
    ['InvalidArgument', 'a=1&a=2'],
    ['BadRequest', Array.from({ length: 11 }, (_, index) => `k${index}=v`).join('&')],
    ['InvalidTag', `${'k'.repeat(129)}=v`],
    ['InvalidTag', `k=${'v'.repeat(257)}`],
    ['InvalidTag', 'a<b=1'],
  ])('tags are refused by %s as %j', async (code, tagging) => {
    const answer = await (await startOss()).call(put({ headers: { 'x-oss-tagging': tagging } }));

    expect([answer.statusCode, answer.code]).toEqual([400, code]);
  });

  it.each([
    ['The TagKey you have provided is invalid.', '<Tag><Key>a&</Key><Value>1</Value></Tag>'],
    ['The TagValue you have provided is invalid.', '<Tag><Key>a</Key><Value>&lt;</Value></Tag>'],
    ['Cannot provide multiple Tags with the same key', '<Tag><Key>a</Key><Value>1</Value></Tag>'.repeat(2)],
  ])(
    'tags in a document are refused as live tests of aliyun-oss-cpp-sdk have it: %s',
    async (message, tags) => {
      const oss = await startOss();
      await oss.call(put());

      const body = `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
      const answer = await oss.call({ ...object, method: 'PUT', query: { tagging: '' }, body });

      expect([answer.statusCode, answer.code]).toEqual([400, 'InvalidTag']);
      expect(answer.text).toContain(`<Message>${message}</Message>`);
    },
  );
});
