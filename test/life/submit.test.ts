import { describe, expect, it, vi } from 'vitest';
import type { TaskEvent } from '../../src/local/oss/events.ts';
import type { OperationRequest } from '../../src/oss/call.ts';
import type { SaveTask } from '../../src/pipeline/result.ts';
import { carryOut } from '../../src/pipeline/save.ts';
import { startWorkbench } from '../faults/workbench.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

const convert = 'video/convert,f_mp4,vcodec_h264';
const rulesOf = (output: object, more: object = {}) => ({
  rules: [
    {
      name: 'films',
      match: { key: 'uploads/**' },
      outputs: [{ style: convert, target: { key: 'mp4/{base}.mp4' }, ...output }],
    },
  ],
  ...more,
});

/** The function before a local OSS that makes placeholders of tasks, and the events of their ends. */
async function start(output: object = {}, more: object = {}, oss: object = {}) {
  const ends: TaskEvent[] = [];
  const onTaskEvent = (event: TaskEvent) => void ends.push(event);
  const workbench = await startWorkbench({
    rules: rulesOf(output, more),
    oss: { simulateTasks: true, onTaskEvent, ...oss },
  });
  const nextEnd = async () => {
    await vi.waitFor(() => expect(ends).not.toEqual([]));
    return ends.splice(0)[0];
  };
  return { ...workbench, ends, nextEnd };
}

describe('an output of an asynchronous operation', () => {
  it('an output of an asynchronous operation is submitted, and saved only once its task says so', async () => {
    const { upload, invoke, nextEnd, oss } = await start({ notify: 'film-ends' });

    const { report, calls } = await invoke(await upload('uploads/a.mov', 'film'));
    const end = await nextEnd();
    const { report: ended, calls: none } = await invoke(end);

    const target = { bucket: 'photos', key: 'mp4/a.mov.mp4' };
    const source = { bucket: 'photos', key: 'uploads/a.mov' };
    const taskId = end?.data.TaskId;
    expect(report).toMatchObject({ saved: 0, submitted: 1, failed: 0 });
    expect(report.results).toMatchObject([
      { status: 'submitted', rule: 'films', source, target, taskId, requestId: expect.any(String) },
    ]);
    expect(ended.results).toMatchObject([{ status: 'saved', rule: 'films', source, target, taskId }]);
    expect([calls, none]).toEqual([1, 0]);
    expect((await oss.call({ method: 'HEAD', ...target })).statusCode).toBe(200);
  });

  it('an output of an asynchronous operation is not submitted again by the event of its own result', async () => {
    const { upload, invoke, nextEnd, oss } = await start();
    await invoke(await upload('uploads/a.mov', 'film'));
    await nextEnd();

    const { report, calls } = await invoke({ events: oss.events.splice(0) });

    expect(report.results).toMatchObject([{ status: 'skipped', reason: 'no-rule-matched' }]);
    expect(calls).toBe(0);
  });

  it('an output of an asynchronous operation is not submitted twice where the same instance repeats an event of which another output failed', async () => {
    const { upload, invoke, setFaults, ends } = await start(
      {},
      {
        rules: [
          ...rulesOf({}).rules,
          {
            name: 'picture',
            match: { key: 'uploads/**' },
            outputs: [{ style: 'image/info', target: { key: 'info/{base}' } }],
          },
        ],
      },
    );
    const event = await upload('uploads/a.mov', 'film');
    await setFaults({ rules: [{ fault: 'InternalError', operation: 'ProcessObject' }] });

    const first = await invoke(event, undefined, 'R');
    await setFaults({ rules: [] });
    const second = await invoke(event, undefined, 'R');

    expect(first.report).toMatchObject({ submitted: 1, failed: 1 });
    expect(second.report.results).toMatchObject([
      { status: 'skipped', reason: 'already-submitted' },
      { status: 'saved' },
    ]);
    await vi.waitFor(() => expect(ends).toHaveLength(1));
  });

  it.each([
    ['InternalError', { submitted: 1, failed: 0 }],
    ['CpuLimitExceeded', { submitted: 1, failed: 0 }],
    ['DropAfter', { submitted: 1, failed: 0 }],
    ['TruncatedAnswer', { submitted: 1, failed: 0 }],
    ['WrongJson', { submitted: undefined, failed: 1 }],
    ['AccessDenied', { submitted: undefined, failed: 1 }],
  ])(
    'an output of an asynchronous operation whose submission meets %s is submitted at the latest when the event is repeated',
    async (fault, first) => {
      const { upload, invoke, setFaults } = await start();
      const event = await upload('uploads/a.mov', 'film');
      await setFaults({ rules: [{ fault, operation: 'AsyncProcessObject', count: 1 }] });

      const { report, error } = await invoke(event, undefined, 'R');
      const isDone = error === undefined;
      const last = isDone ? report : (await invoke(event, undefined, 'R')).report;

      expect(report).toMatchObject(first);
      expect([isDone, last.submitted]).toEqual([first.failed === 0, 1]);
    },
  );

  it('an output of an asynchronous operation is not submitted where only what is missing is wanted, and the target is there', async () => {
    const { upload, invoke, oss, ends } = await start({ refresh: 'missing' });
    const event = await upload('uploads/a.mov', 'film');
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'mp4/a.mov.mp4', body: 'made' });

    const { report } = await invoke(event);

    expect([report.results, ends]).toMatchObject([[{ status: 'skipped', reason: 'target-exists' }], []]);
  });

  it.each(['throw', 'report'])(
    'an output of an asynchronous operation whose task fails is reported as failed for good (onPermanentFailure: %s)',
    async (what) => {
      const { upload, invoke, nextEnd, lines } = await start(
        {},
        { onPermanentFailure: what },
        { simulateTasks: false },
      );
      await invoke(await upload('uploads/a.mov', 'film'));

      const { report, error } = await invoke(await nextEnd());

      expect(report.results).toMatchObject([
        {
          ...{ status: 'failed', kind: 'permanent', code: 'NotImplemented', rule: 'films' },
          message: expect.stringContaining('Alibaba Cloud only'),
          taskId: expect.stringMatching(/^MediaConvert-/),
        },
      ]);
      expect(error === undefined).toBe(what === 'report');
      expect(lines.at(-1)).toContain('"message":"output failed"');
    },
  );

  it.each(hostileKeys.filter((key) => !/[{}]/.test(key)))(
    'an output of an asynchronous operation comes back as saved under the key %j',
    async (key) => {
      const { oss, invoke, nextEnd } = await start({ target: { key: 'm/{name}' } });
      const source = `uploads/${key}`.slice(0, key.length > 300 ? -'uploads/'.length : undefined);
      await oss.call({ method: 'PUT', bucket: 'photos', key: source, body: 'film' });

      const { report } = await invoke({ events: oss.events.splice(0) });
      const { report: ended } = await invoke(await nextEnd());

      expect(report).toMatchObject({ submitted: 1, failed: 0 });
      expect(ended.results).toMatchObject([{ status: 'saved', source: { key: source } }]);
    },
  );

  it('an output of an asynchronous operation fails before any call where OSS would read its key as a template', async () => {
    const { upload, invoke } = await start();

    const { report, calls } = await invoke(await upload('uploads/{index}.mov', 'film'));

    expect(report.results).toMatchObject([
      {
        status: 'failed',
        kind: 'permanent',
        code: 'InvalidOutput',
        message: expect.stringContaining('braces'),
      },
    ]);
    expect(calls).toBe(0);
  });

  it('an output that saves several objects is one task, and one result when it ends', async () => {
    const frames = { style: 'video/snapshots,f_jpg,num_9', target: { key: 'frames/{name}/{index}.jpg' } };
    const { upload, invoke, nextEnd } = await start(frames);

    const { report } = await invoke(await upload('uploads/a.mov', 'film'));
    const { report: ended } = await invoke(await nextEnd());

    expect(report.results).toMatchObject([{ status: 'submitted', target: { key: 'frames/a/{index}.jpg' } }]);
    expect(ended.results).toMatchObject([{ status: 'saved', target: { key: 'frames/a/1.jpg' } }]);
  });

  it('an output of an asynchronous operation is only planned in a dry run', async () => {
    const { upload, invoke, ends } = await start({ notify: 'film-ends' });
    await upload('uploads/a.mov', 'film');

    const { report, calls } = await invoke({ bucket: 'photos', key: 'uploads/a.mov', dryRun: true });

    const topic = Buffer.from('film-ends').toString('base64url');
    expect(report.results).toMatchObject([
      { status: 'planned', action: 'submit', process: expect.stringMatching(`/notify,topic_${topic}$`) },
    ]);
    expect([calls, ends]).toEqual([0, []]);
  });
});

describe('an answer to AsyncProcessObject', () => {
  const source = { bucket: 'photos', key: 'a.mov' };
  const task: SaveTask = {
    ...{ action: 'submit', rule: 'films', source, target: { bucket: 'photos', key: 'a.mp4' } },
    ...{ style: convert, process: `${convert}|sys/saveas,o_YQ,b_Yg`, version: {} },
  };
  const ours = { 'x-oss-request-id': 'R1' };

  let request: OperationRequest | undefined;
  const answered = (statusCode: number, headers: Record<string, string>, text: string, hide?: () => string) =>
    carryOut(task, {
      call: async (sent) => {
        request = sent;
        const context = { ...source, operation: sent.operation, attempts: 1 };
        return { statusCode, headers, body: Buffer.from(text), context, ...(hide && { hide }) };
      },
      ...{ deadlineMs: Infinity, now: () => 0, ruleSet: ruleSetOf({ rules: [] }) },
    });

  it('AsyncProcessObject is asked for by the name alone in the query, with the process in the body', async () => {
    await answered(200, ours, '{"TaskId":"T"}');

    const query = { 'x-oss-async-process': '' };
    expect(request).toMatchObject({ ...source, method: 'POST', query, deadlineMs: Infinity });
    expect(String(request?.body)).toBe(`x-oss-async-process=${task.process}`);
  });

  it('an answer to AsyncProcessObject is reported without what was signed', async () => {
    const end = await answered(200, ours, '{"TaskId":"secret"}', () => '{"TaskId":"***"}');

    expect(end).toMatchObject({ status: 'submitted', taskId: '***' });
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['an answer that is empty', 200, { ...ours, 'content-length': '0' }, ''],
    ['an answer that was cut off', 200, ours, '{"EventId":"181-x","TaskI'],
    ['an answer with an empty id', 200, ours, '{"TaskId":""}'],
    ['an answer whose id is no text', 200, ours, '{"TaskId":7}'],
    ['the answer of ProcessObject', 200, ours, '{"bucket":"","fileSize":1,"object":"a.mp4","status":"OK"}'],
    ['the 202 of a proxy', 202, ours, '{"TaskId":"T"}'],
    ['the page of a proxy', 200, {}, '<html>TaskId</html>'],
    ['an answer without content', 204, ours, ''],
  ])('%s is no success', async (_, statusCode, headers, text) => {
    expect(await answered(statusCode, headers, text)).toMatchObject({
      ...{ status: 'failed', kind: 'transient', code: 'UnexpectedAnswer' },
      message: expect.stringMatching(/^AsyncProcessObject .* instead of the id of a task/),
    });
  });
});
