import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { outcomeOfTask } from '../../src/life/task-event.ts';
import { plan } from '../../src/pipeline/plan.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

const eventName = 'imm:Task:MediaConvert';
const { rules } = ruleSetOf({
  rules: [
    {
      name: 'pictures',
      match: { key: 'uploads/**', bucket: 'films' },
      outputs: [{ style: 'image/info', target: { key: 'info/{key}' } }],
    },
    {
      name: 'films',
      match: { key: 'uploads/**', bucket: 'films', contentType: 'video/*', size: { min: 1 } },
      outputs: [
        {
          style: 'video/convert,f_mp4,s_{s}',
          vary: { s: ['640x360', '1280x720'] },
          target: { bucket: 'results', key: '{yyyy}/{etag}/{name}-{s}.mp4' },
        },
        { style: 'video/snapshots,f_jpg', target: { key: 'frames/{key}/{index}.jpg' } },
      ],
    },
    {
      name: 'sounds',
      match: { key: 'sounds/**', bucket: 'films' },
      outputs: [{ style: 'audio/convert,f_mp3', target: { key: 'mp3/{name}' } }],
    },
    {
      name: 'cinema',
      match: { key: '电影/**', bucket: 'films' },
      outputs: [{ style: 'video/convert,f_mp4', target: { key: 'mp4/{key}/{mm}.{dd}' } }],
    },
  ],
});

const uriOf = (bucket: string, key: string) => ({ URI: `oss://${bucket}/${key}` });
const content = (more: object): JsonObject => ({
  ...{ TaskId: 'MediaConvert-1', RequestId: 'R', Status: 'Succeeded', Code: '', Message: '' },
  ...{ StartTime: '2024-08-20T07:03:07.36Z', EndTime: '2024-08-20T07:03:08.57Z' },
  Sources: [{ ...uriOf('films', 'uploads/a.mov'), SubtitleSources: null }],
  Targets: [uriOf('results', '2026/E7A9/a-640x360.mp4')],
  ...more,
});
const outcome = (more: object) => outcomeOfTask({ eventName, content: content(more) }, rules);

describe('the end of a task', () => {
  it('the end of a task is the saving of the target that it names, by the rule that has such targets', () => {
    expect(outcome({})).toEqual({
      ...{ status: 'saved', rule: 'films', taskId: 'MediaConvert-1', requestId: 'R' },
      source: { bucket: 'films', key: 'uploads/a.mov' },
      target: { bucket: 'results', key: '2026/E7A9/a-640x360.mp4' },
      ...{ attempts: 0, durationMs: 1210 },
    });
  });

  it('the end of a task is the failure of the target that it names, in the words of IMM', () => {
    const failure = { Status: 'Failed', Code: 'InvalidMedia', Message: 'no video stream' };

    expect(outcome(failure)).toMatchObject({
      ...{ status: 'failed', kind: 'permanent', code: 'InvalidMedia', message: 'no video stream' },
      ...{ rule: 'films', target: { key: '2026/E7A9/a-640x360.mp4' }, taskId: 'MediaConvert-1' },
      ...{ requestId: 'R', durationMs: 1210 },
    });
  });

  it('the end of a task is told in short, however much IMM has to say', () => {
    const ended = outcome({ Status: 'Failed', Code: 'c'.repeat(9_999), Message: 'm'.repeat(99_999) });

    expect(JSON.stringify(ended).length).toBeLessThan(2_000);
  });

  it.each<[string, unknown]>([
    ['none', []],
    ['null', null],
    ['an empty one', [{ URI: '', Image: { Snapshots: null } }]],
  ])('the end of a task is a failure of its source where it names %s as target', (_, Targets) => {
    const ended = outcome({ Status: 'Failed', Targets });

    expect(ended).toMatchObject({
      ...{ status: 'failed', rule: 'films', code: 'TaskFailed' },
      message: 'IMM does not say why the task failed',
      source: { bucket: 'films', key: 'uploads/a.mov' },
    });
    expect(JSON.parse(JSON.stringify(ended))).not.toHaveProperty('target');
  });

  it('the end of a task is known by the whole key where the message tells all that is in it', () => {
    const Sources = [uriOf('films', 'sounds/a.wav')];

    expect(outcome({ Sources, Targets: [uriOf('films', 'mp3/a')] })).toMatchObject({ rule: 'sounds' });
  });

  it('the end of a task names results that are several in lists of their kind', () => {
    const snapshots = [1, 2, 3].map((i) => uriOf('films', `frames/uploads/a.mov/${i}.jpg`));
    const Targets = [{ URI: '', Subtitle: { Extract: { URI: '' } }, Image: { Snapshots: snapshots } }];

    expect(outcome({ Targets })).toMatchObject({
      status: 'saved',
      target: { key: 'frames/uploads/a.mov/1.jpg' },
    });
  });

  it.each(['6_12', '12'])('the end of a task may name its result by the number %s', (index) => {
    const Targets = [uriOf('films', `frames/uploads/a.mov/${index}.jpg`)];

    expect(outcome({ Targets }).status).toBe('saved');
  });

  it.each(['电影/猫 1.mov', '50%.mov', 'a+b (1).mov', '100%25.mov', '%CE%AA.mov', 'a.*$.mov'])(
    'the end of a task may name the key %j as it stands, and URL-encoded',
    (name) => {
      const [source, target] = [`uploads/${name}`, `frames/uploads/${name}/1.jpg`];
      const encoded = {
        Sources: [uriOf('films', encodeURI(source))],
        Targets: [uriOf('films', encodeURI(target))],
      };
      const plain = { Sources: [uriOf('films', source)], Targets: [uriOf('films', target)] };

      expect(outcome(plain)).toMatchObject({
        status: 'saved',
        source: { key: source },
        target: { key: target },
      });
      expect(outcome(encoded)).toMatchObject({ status: 'saved' });
    },
  );

  it('the end of a task is found by a key that a rule names in Chinese, although it is URL-encoded', () => {
    const [source, target] = ['电影/a.mov', 'mp4/电影/a.mov/08.20'];
    const Sources = [uriOf('films', encodeURI(source))];
    const Targets = [uriOf('films', encodeURI(target))];

    expect(outcome({ Sources, Targets })).toMatchObject({
      ...{ status: 'saved', rule: 'cinema', source: { key: source }, target: { key: target } },
    });
  });

  it('the end of a task is looked for among its first hundred sources', () => {
    const sources = (count: number) => [
      ...Array.from({ length: count }, (_, i) => uriOf('films', `elsewhere/${i}`)),
      uriOf('films', 'uploads/a.mov'),
    ];

    expect(outcome({ Sources: sources(99) }).status).toBe('saved');
    expect(outcome({ Sources: sources(100) })).toMatchObject({ reason: 'foreign-task' });
  });

  it.each<[string, object]>([
    ['another bucket', { Sources: [uriOf('other', 'uploads/a.mov')] }],
    ['a key that no rule takes', { Sources: [uriOf('films', 'elsewhere/a.mov')] }],
    ['a target in another bucket', { Targets: [uriOf('films', '2026/E7A9/a-640x360.mp4')] }],
    ['a target that no output has', { Targets: [uriOf('results', '2026/E7A9/a-1x1.mp4')] }],
    ['a target that begins otherwise', { Targets: [uriOf('films', 'x/frames/uploads/a.mov/1.jpg')] }],
    [
      'a target that only begins and ends as the one of a rule',
      { Sources: [uriOf('films', 'sounds/a.wav')], Targets: [uriOf('films', 'mp3/a/mp3/a')] },
    ],
    ['the target of a synchronous output', { Targets: [uriOf('films', 'info/uploads/a.mov')] }],
    ['the failed target of none of our outputs', { Status: 'Failed', Targets: [uriOf('films', 'x')] }],
    ['no source', { Sources: [] }],
    [
      'a source that is no URI',
      { Sources: [{ URI: 'uploads/a.mov' }, { URI: 7 }, 'oss://films/uploads/a.mov'] },
    ],
    ['nothing at all', { Sources: undefined, Targets: undefined }],
  ])('the end of a task is skipped as foreign where it names %s', (_, more) => {
    expect(outcome(more)).toMatchObject({ status: 'skipped', reason: 'foreign-task', eventName });
  });

  it.each(['Running', 'Success', 'succeeded', '成功', '', null, undefined, true])(
    'the end of a task is neither a success nor a failure where its status is %j',
    (Status) => {
      expect(outcome({ Status })).toMatchObject({ status: 'skipped', reason: 'task-unfinished' });
    },
  );

  it('the end of a task is no success where it names no target', () => {
    expect(outcome({ Targets: [] })).toMatchObject({ status: 'skipped', reason: 'task-unfinished' });
  });

  it.each([
    ['epoch milliseconds as a text', '1724133063161', '1724133064161'],
    ['nothing', undefined, undefined],
    ['an end before its start', '2024-08-20T07:03:08Z', '2024-08-20T07:03:07Z'],
  ])('the end of a task counts as having taken no time where its times are %s', (_, StartTime, EndTime) => {
    expect(outcome({ StartTime, EndTime })).toMatchObject({ status: 'saved', durationMs: 0 });
  });

  it('the end of a task is read whatever it holds, and however deep', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    expect(outcome({ Targets: deep }).status).toBe('skipped');
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (Sources, Targets, Status) => {
        expect(['skipped', 'failed']).toContain(outcome({ Sources, Targets, Status }).status);
      }),
    );
  });

  it('the end of a task is known of every target that the planner gives', () => {
    const part = fc.stringMatching(/^[a-z猫 .%+$^()[\]-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        const source = { bucket: 'films', key: `uploads/${parts.join('/')}` };
        const event = {
          ...{ ...source, eventName: 'ObjectCreated:PutObject', eventTime: '2026-01-31T00:00:00Z' },
          ...{ sizeBytes: 1, eTag: 'E7', contentType: 'video/mp4' },
        };
        const submitted = plan({ kind: 'object', event }, { rules }).flatMap((item) =>
          item.status === 'planned' && item.action === 'submit' ? [item.target] : [],
        );
        expect(submitted.length).toBe(3);
        for (const target of submitted) {
          const saved = { ...target, key: target.key.replace('{index}', '17') };
          const Sources = [uriOf(source.bucket, source.key)];
          expect(outcome({ Sources, Targets: [uriOf(saved.bucket, saved.key)] })).toMatchObject({
            status: 'saved',
            target: saved,
          });
        }
      }),
    );
  });
});
