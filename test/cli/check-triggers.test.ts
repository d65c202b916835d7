import { describe, expect, it } from 'vitest';
import {
  creationEvents,
  rule,
  trigger,
  uploads,
  uploadsTrigger,
  useProject,
  withOther,
} from './check-fixture.ts';

/** A rule whose outputs are deleted with their source, and the events that its trigger needs. */
const removing = { ...uploads, onRemove: 'delete' };
const withRemovals = [...creationEvents, 'oss:ObjectRemoved:DeleteObject', 'oss:ObjectRemoved:DeleteObjects'];

const uploadsSubject = 'acs:oss:cn-hangzhou:1:photos/uploads/';

const bridge = (
  pattern: object,
  config: object = {},
  eventSourceConfig = { eventSourceType: 'Default' },
) => ({
  triggerName: 'e',
  triggerType: 'eventbridge',
  triggerConfig: {
    eventRuleFilterPattern: JSON.stringify({ source: ['acs.oss'], ...pattern }),
    eventSourceConfig,
    ...config,
  },
});

const { check, checkResources } = useProject();

describe('check, beside the triggers of s.yaml', () => {
  it.each<[string, object[], object[], string[]]>([
    ['nothing where all agrees', [uploads], [trigger()], []],
    [
      'the wildcard trigger',
      [uploads],
      [trigger({}, { events: ['oss:ObjectCreated:*'] })],
      ['error trigger-wildcard'],
    ],
    [
      'ways to upload that are missed',
      [uploads],
      [trigger({}, { events: ['oss:ObjectCreated:PutObject'] })],
      ['warning trigger-events'],
    ],
    [
      'an event that OSS does not have, as other clouds call theirs',
      [uploads],
      [trigger({}, { events: [...creationEvents, 'oss:ObjectCreated:Put'] })],
      ['error trigger-events'],
    ],
    [
      'an event without the name of its service',
      [uploads],
      [trigger({}, { events: [...creationEvents, 'ObjectCreated:PutSymlink'] })],
      ['error trigger-events'],
    ],
    [
      'nothing for the other events that a trigger may have',
      [uploads],
      [trigger({}, { events: [...creationEvents, 'oss:ObjectCreated:PutSymlink', 'oss:ObjectRemoved:*'] })],
      [],
    ],
    ['no events at all', [uploads], [trigger({}, { events: [] })], ['error trigger-events']],
    ['an ARN that is none', [uploads], [trigger({ sourceArn: 'photos' })], ['error trigger-arn']],
    [
      'a bucket of a name that OSS refuses',
      [uploads],
      [trigger({ sourceArn: 'acs:oss:cn-hangzhou:1:Shop Photos' })],
      ['error trigger-arn'],
    ],
    [
      'an ARN of objects',
      [uploads],
      [trigger({ sourceArn: 'acs:oss:cn-hangzhou:1:photos/uploads/*' })],
      ['error trigger-arn'],
    ],
    ['no invocation role', [uploads], [trigger({ invocationRole: undefined })], ['warning invocation-role']],
    [
      'a filter without a suffix',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'uploads/' } } })],
      ['error trigger-filter'],
    ],
    [
      'a bucket of another region',
      [uploads],
      [trigger({ sourceArn: 'acs:oss:cn-shanghai:1:photos' })],
      ['error trigger-region'],
    ],
    [
      'a rule that no trigger reaches',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'upload/', suffix: '' } } })],
      ['error unreached'],
    ],
    [
      'a rule of a bucket without a trigger',
      [rule({ key: 'uploads/**/*.jpg', bucket: 'other' }, { key: 'd/{base}' })],
      [trigger()],
      ['error unreached'],
    ],
    [
      'a rule that is reached in part',
      [uploads],
      [trigger({}, { filter: { key: { prefix: 'uploads/a', suffix: '.jpg' } } })],
      ['warning partly-reached'],
    ],
    ['nothing where deletions are delivered', [removing], [trigger({}, { events: withRemovals })], []],
    ['deletions that no trigger delivers', [removing], [trigger()], ['error unreached-removal']],
    [
      'one of the two kinds of deletions that no trigger delivers',
      [removing],
      [trigger({}, { events: withRemovals.slice(0, -1) })],
      ['error unreached-removal'],
    ],
    [
      'deletions that are delivered in part',
      [removing],
      [
        trigger({}, { filter: { key: { prefix: 'uploads/', suffix: '.jpg' } } }),
        trigger(
          { triggerName: 'removals' },
          { events: withRemovals.slice(-2), filter: { key: { prefix: 'uploads/a', suffix: '.jpg' } } },
        ),
      ],
      ['warning partly-reached-removal'],
    ],
    [
      'deletions that an EventBridge pattern leaves out',
      [removing],
      [
        {
          triggerName: 'e',
          triggerType: 'eventbridge',
          triggerConfig: { eventRuleFilterPattern: JSON.stringify({ type: creationEvents }) },
        },
      ],
      ['error unreached-removal', 'warning own-outputs'],
    ],
    [
      'a trigger that lets our own outputs in',
      [uploads],
      [trigger({}, { filter: { key: { prefix: '', suffix: '' } } })],
      ['warning own-outputs'],
    ],
    [
      'triggers that overlap',
      [uploads],
      [trigger(), trigger({ triggerName: 'b' }, { filter: { key: { prefix: 'uploads/b', suffix: '' } } })],
      ['error trigger-overlap'],
    ],
    [
      'triggers of which only prefixes overlap',
      [uploads],
      [trigger(), trigger({ triggerName: 'b' }, { filter: { key: { prefix: 'uploads/', suffix: '.png' } } })],
      [],
    ],
    [
      'nothing where a topic or a queue may bring the uploads',
      [uploads],
      [{ triggerName: 'topic', triggerType: 'mns_topic', triggerConfig: { notifyContentFormat: 'JSON' } }],
      [],
    ],
    [
      'nothing where a queue may bring the uploads',
      [uploads],
      [bridge({}, {}, { eventSourceType: 'MNS' })],
      [],
    ],
    [
      'uploads that a trigger for deletions does not bring',
      [uploads],
      [trigger({}, { events: withRemovals.slice(-2) })],
      ['error unreached'],
    ],
    [
      'uploads that an EventBridge pattern does not bring',
      [uploads],
      [bridge({ type: ['oss:BucketCreated:PutBucket', 'ObjectCreated:PutObject'] })],
      ['error unreached', 'error trigger-events'],
    ],
    [
      'an EventBridge trigger that is switched off, and nothing of what it would bring',
      [uploads],
      [bridge({}, { triggerEnable: false })],
      ['warning trigger-off'],
    ],
    [
      'nothing where an EventBridge pattern names its source by a prefix',
      [uploads],
      [bridge({ source: [{ prefix: 'acs.oss' }], subject: [{ prefix: uploadsSubject }] })],
      [],
    ],
    [
      'a rule of another bucket than the subject of an EventBridge pattern',
      [rule({ key: 'uploads/**/*.jpg', bucket: 'other' }, { key: 'd/{base}' })],
      [bridge({ subject: [{ prefix: uploadsSubject }] })],
      ['error unreached'],
    ],
    [
      'nothing where one of the subjects of an EventBridge pattern has the bucket of a rule',
      [rule({ key: 'uploads/**/*.jpg', bucket: 'other' }, { key: 'd/{base}' })],
      [
        bridge({
          subject: [{ prefix: uploadsSubject }, { prefix: uploadsSubject.replace('photos', 'other') }],
        }),
      ],
      [],
    ],
    [
      'ways to upload that an EventBridge pattern leaves out',
      [uploads],
      [bridge({ type: ['oss:ObjectCreated:PutObject'], subject: [{ prefix: uploadsSubject }] })],
      ['warning trigger-events'],
    ],
    [
      'an event in an EventBridge pattern that OSS does not have',
      [uploads],
      [
        bridge({
          type: [...creationEvents, 'oss:ObjectCreated:Post'],
          subject: [{ prefix: uploadsSubject }],
        }),
      ],
      ['error trigger-events'],
    ],
    [
      'nothing where an EventBridge pattern brings them by a prefix',
      [uploads],
      [bridge({ type: [{ prefix: 'oss:ObjectCreated:' }], subject: [{ prefix: uploadsSubject }] })],
      [],
    ],
    [
      'an EventBridge pattern that is none',
      [uploads],
      [{ triggerName: 'e', triggerType: 'eventbridge', triggerConfig: { eventRuleFilterPattern: '{' } }],
      ['error trigger-pattern'],
    ],
  ])('check reports of s.yaml: %s', async (_, rules, triggers, expected) => {
    const { codes } = await check(rules, triggers);

    expect(codes).toEqual(expected);
  });

  it('check refuses triggers of two functions that overlap on one bucket', async () => {
    const resources = withOther(
      uploadsTrigger('video', 'uploads/', '.mp4'),
      uploadsTrigger('up', 'uploads/'),
    );

    const { codes, out } = await checkResources([uploads], resources);

    expect(codes).toEqual(['error trigger-overlap']);
    expect(out).toMatch(/error \S+s\.yaml:\d+:\d+ overlaps with video of video/);
  });

  it.each([
    ['prefix', 'uploads/*', '`*`'],
    ['prefix', 'uploads/?/', '`?`'],
    ['prefix', '^uploads/', '`^`'],
    ['suffix', '.{jpg,png}', '`{jpg,png}`'],
    ['suffix', '*.jpg', '`*`'],
    ['suffix', '.jpg$', '`$`'],
  ])('check says that a %s of %s is taken as it stands', async (part, text, named) => {
    const key = { prefix: 'uploads/', suffix: '', [part]: text };

    const { codes, out } = await check([uploads], [trigger({}, { filter: { key } })]);

    expect(codes).toContain('error trigger-wildcard');
    expect(out).toContain(`${named} in a ${part} is a letter and no wildcard`);
  });

  it('check counts all triggers together before it says that a key is not delivered', async () => {
    const triggers = [uploadsTrigger('a', 'uploads/a'), uploadsTrigger('b', 'uploads/b')];

    const both = await check([rule({ key: 'uploads/[ab]*.jpg' }, { key: 'd/{base}' })], triggers);
    const more = await check([rule({ key: 'uploads/[abc]*.jpg' }, { key: 'd/{base}' })], triggers);

    expect(both.codes).toEqual([]);
    expect(more.codes).toEqual(['warning partly-reached']);
    expect(more.out).toContain('such as `uploads/c.jpg`');
  });

  it('check reads what an EventBridge pattern lets through', async () => {
    const pattern = (prefix: string, barred: string) =>
      JSON.stringify({
        source: ['acs.oss'],
        subject: [{ prefix: `acs:oss:cn-hangzhou:1:photos/${prefix}` }],
        data: { oss: { object: { key: [{ 'anything-but': { prefix: barred } }] } } },
      });
    const codesOf = async (eventRuleFilterPattern: string) =>
      (
        await check(
          [rule({ key: '**/*.jpg', bucket: 'photos', exclude: 'derived/**' }, { key: 'derived/{key}' })],
          [{ triggerType: 'eventbridge', triggerConfig: { eventRuleFilterPattern } }],
        )
      ).codes;

    expect(await codesOf(pattern('', 'derived/'))).toEqual([]);
    expect(await codesOf(pattern('', 'other/'))).toEqual(['warning partly-reached', 'warning own-outputs']);
    expect(await codesOf(pattern('derived/', 'x/'))).toEqual(['error unreached', 'warning own-outputs']);
  });

  it('check takes no trigger for the ends of tasks for one of uploads', async () => {
    const imm = {
      triggerType: 'eventbridge',
      triggerConfig: {
        eventRuleFilterPattern: '{ "source": ["acs.imm"], "type": ["imm:Task:MediaConvert"] }',
      },
    };

    expect((await check([uploads], [imm])).codes).toEqual(['error unreached']);
  });
});

it('check finds triggers of one bucket that overlap, however the account is written', async () => {
  const same = (account: string) => trigger({ sourceArn: `acs:oss:cn-hangzhou:${account}:photos` });
  const variable = `\${config("AccountID")}`;

  expect((await check([uploads], [same('1'), same(variable)])).codes).toContain('error trigger-overlap');
});
