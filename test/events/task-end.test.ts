import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../src/events/parse.ts';
import { bytesOf, keysOf, nativeRecord, parse, sample } from './samples.ts';

describe('the end of an IMM task', () => {
  const message = (content: unknown, more: object = {}) => ({
    ...{ id: '1', source: 'acs.imm', type: 'imm:Task:MediaConvert', time: '1724133063161' },
    ...{ content, ...more },
  });
  const fields = { TaskId: 'T', Status: 'Succeeded' };
  const task = { kind: 'task', eventName: 'imm:Task:MediaConvert' };

  it.each(['imm-topic', 'imm-eventbridge'])(
    'the end of an IMM task is read from %s with all its fields',
    (id) => {
      const [record] = parseEvent(bytesOf(sample(id)));

      expect(record).toMatchObject({
        ...task,
        content: { TaskId: 'MediaConvert-db7faf5a-99c5-4afe-8309-d167fe530000', Status: 'Succeeded' },
      });
    },
  );

  it.each<[string, unknown]>([
    ['as JSON in a text', message(JSON.stringify(fields))],
    ['as text in text', message(JSON.stringify(JSON.stringify(fields)))],
    ['as a whole message within another one', message(JSON.stringify({ content: JSON.stringify(fields) }))],
    ['as an object', message(fields)],
    ['in a topic message', { TopicOwner: '1', Message: JSON.stringify(message(JSON.stringify(fields))) }],
    ['in Base64', { body: Buffer.from(JSON.stringify(message(fields))).toString('base64'), attrs: {} }],
    ['as the data of a CloudEvent', message(undefined, { data: fields })],
    ['as the text of such data', message(undefined, { data: JSON.stringify(fields) })],
  ])('the end of an IMM task is understood %s', (_, event) => {
    expect(parse(event)).toEqual([{ ...task, content: fields }]);
  });

  it.each<[string, unknown]>([
    ['no JSON', 'Succeeded'],
    ['an array', '[]'],
    ['nothing', undefined],
    ['a number', 1],
    ['text in text without end', [1, 2, 3, 4, 5, 6].reduce((text) => JSON.stringify(text), '"x"')],
  ])('the end of an IMM task is refused with its place where its content is %s', (_, content) => {
    expect(() => parse(message(content))).toThrow(/content: expected JSON that tells the end of a task/);
  });

  it('the end of an IMM task hides no object beside it, and other news of IMM are about no object', () => {
    const others = [message('?'), { ...message({}), type: 'imm:FileMeta:Index' }];

    const records = parse([...others, { events: [nativeRecord('a')] }]);

    expect(keysOf(records)).toEqual(['malformed', 'other', 'example-src/a']);
    expect(records[1]).toEqual({ kind: 'other', eventName: 'imm:FileMeta:Index' });
  });
});
