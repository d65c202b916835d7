import sharp from 'sharp';
import { describe, expect, it, type Mock, vi } from 'vitest';
import { createImageProcessor } from '../../../../src/local/image/image-processor.ts';
import type { TaskEvent } from '../../../../src/local/oss/events.ts';
import type { LocalOssOptions } from '../../../../src/local/oss/server.ts';
import { type RunningOss, startOss, temporaryDir } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';

const styleCall = (method: string, styleName: string | undefined, content?: string): SignOptions => ({
  method,
  bucket: 'photos',
  query: { style: '', ...(styleName !== undefined && { styleName }) },
  ...(content !== undefined && {
    body: `<?xml version="1.0"?><Style><Content>${content}</Content></Style>`,
  }),
});
const putStyle = (oss: RunningOss, name: string, content: string) =>
  oss.call(styleCall('PUT', name, content));
const process = (text: string, query = 'x-oss-process'): SignOptions => ({
  method: 'POST',
  bucket: 'photos',
  key: 'a.jpg',
  query: { [query]: '' },
  body: `${query}=${text}`,
});
const base64 = (text: string) => Buffer.from(text).toString('base64url');
const putObject: SignOptions = { method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'pixels' };

describe('named styles', () => {
  it('named styles are put, read, listed as they were made, replaced and deleted, and survive a restart', async () => {
    const dataDir = await temporaryDir();
    let nowMs = Date.UTC(2026, 2, 11, 6, 21, 35);
    const clock = { now: () => nowMs, dataDir };
    const before = await startOss(clock);
    const at = (call: SignOptions) => ({ ...call, timeMs: nowMs });

    await before.call(at(styleCall('PUT', 'small', 'image/resize,w_1')));
    await before.call(at(styleCall('PUT', 'Big.1', 'image/resize,p_200')));
    nowMs += 1000;
    await before.call(at(styleCall('PUT', 'small', 'image/resize,w_2')));
    const after = await startOss(clock);
    const one = await after.call(at(styleCall('GET', 'small')));
    const all = await after.call(at(styleCall('GET', undefined)));
    const removed = await after.call(at(styleCall('DELETE', 'small')));

    expect(one.text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<Style>
  <Name>small</Name>
  <Content>image/resize,w_2</Content>
  <Category>image</Category>
  <CreateTime>Wed, 11 Mar 2026 06:21:35 GMT</CreateTime>
  <LastModifyTime>Wed, 11 Mar 2026 06:21:36 GMT</LastModifyTime>
</Style>
`);
    expect(all.text.match(/<Name>.*?</g)).toEqual(['<Name>small<', '<Name>Big.1<']);
    expect(removed.statusCode).toBe(204);
    expect((await after.call(at(styleCall('GET', 'small')))).code).toBe('NoSuchStyle');
  });

  it('named styles are what they stand for, in views and in saved results', async () => {
    const oss = await startOss();
    await oss.call(putObject);
    await putStyle(oss, 'small', 'image/resize,w_9/format,webp');

    const query = { 'x-oss-process': 'style/small' };
    const view = await oss.call({ method: 'GET', bucket: 'photos', key: 'a.jpg', query });
    await oss.call(process(`style/small|sys/saveas,o_${base64('b.webp')}`));
    const saved = await oss.call({ method: 'GET', bucket: 'photos', key: 'b.webp' });
    const missing = await oss.call(process('style/large'));

    expect([view.text, saved.text]).toEqual(Array(2).fill('image/resize,w_9/format,webp(pixels)'));
    expect([missing.statusCode, missing.code]).toEqual([404, 'NoSuchStyle']);
  });

  it.each([
    ['a b', 'image/info', 'InvalidArgument', '0017-00000250'],
    ['x'.repeat(64), 'image/info', 'InvalidArgument', '0017-00000250'],
    ['', 'image/info', 'InvalidArgument', '0017-00000250'],
    ['a', 'image/info;', 'BadRequest', '0017-00000253'],
    ['a', "image/watermark,text_'x'", 'BadRequest', '0017-00000253'],
    ['a', '', 'BadRequest', '0017-00000253'],
  ])('named styles are refused as %j with %j', async (name, content, code, ec) => {
    const response = await putStyle(await startOss(), name, content);

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([400, code, ec]);
  });

  it('a style without content is refused in words of OSS', async () => {
    const { text } = await putStyle(await startOss(), 'a', '');

    expect(text).toContain('<Message>Style content is invalid.</Message>');
  });

  it('named styles are 50 at most', async () => {
    const oss = await startOss();
    for (let index = 0; index < 50; index++) {
      await putStyle(oss, `s${index}`, 'image/info');
    }

    const statuses = [
      (await putStyle(oss, 's50', 'image/info')).statusCode,
      (await putStyle(oss, 's49', 'image/resize,w_1')).statusCode,
    ];

    expect(statuses).toEqual([400, 200]);
  });
});

/** The line of the log about the end of a task. */
function endedTask({ info, warn }: Record<'info' | 'warn', Mock>): Promise<unknown> {
  const lines = () => [...info.mock.calls, ...warn.mock.calls];
  return vi.waitFor(() => {
    const [, fields] = lines().find(([message]) => message === 'asynchronous task ended') ?? [];
    expect(fields).toBeDefined();
    return fields;
  }, 10_000);
}

describe('asynchronous processing', () => {
  async function startTask(text: string, options: Partial<LocalOssOptions> = {}) {
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const oss = await startOss({ log, ...options });
    await oss.call(putObject);
    const response = await oss.call(process(text, 'x-oss-async-process'));
    const readTask = () => endedTask(log);
    return { oss, log, response, readTask };
  }

  it('asynchronous processing accepts a video task with three ids, and ends it as failed with the reason', async () => {
    const text = `video/convert,f_mp4|sys/saveas,o_${base64('b.mp4')}/notify,topic_${base64('topic')}`;

    const { oss, log, response, readTask } = await startTask(text);
    const task = await readTask();

    const ids = JSON.parse(response.text);
    expect(ids).toEqual({
      EventId: expect.stringMatching(/^181-/),
      RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/),
      TaskId: expect.stringMatching(/^MediaConvert-/),
    });
    expect(ids.RequestId).not.toBe(response.headers['x-oss-request-id']);
    expect(task).toMatchObject({
      taskId: ids.TaskId,
      bucket: 'photos',
      key: 'a.jpg',
      text,
      topic: 'topic',
      status: 'Failed',
      code: 'NotImplemented',
      message: expect.stringContaining('video/convert: it runs on Alibaba Cloud only'),
    });
    expect(log.info).not.toHaveBeenCalled();
    expect((await oss.call({ method: 'HEAD', bucket: 'photos', key: 'b.mp4' })).statusCode).toBe(404);
  });

  it('asynchronous processing has told how its tasks ended when it is closed', async () => {
    const tasks: TaskEvent[] = [];
    const oss = await startOss({ simulateTasks: true, onTaskEvent: (event) => void tasks.push(event) });
    await oss.call(putObject);
    const text = `video/convert,f_mp4|sys/saveas,o_${base64('b.mp4')}`;

    const calls = Array.from({ length: 8 }, () => oss.call(process(text, 'x-oss-async-process')));
    await Promise.all(calls);
    await oss.close();

    expect(tasks).toHaveLength(8);
  });

  it('asynchronous processing reads a blind watermark for the topic', async () => {
    const { readTask } = await startTask(
      `image/deblindwatermark,s_low,t_text|sys/notify,topic_${base64('t')}`,
      {
        processImage: async ({ asynchronous }) => ({
          body: Buffer.from(asynchronous ? '© me' : ''),
          contentType: 'text/plain',
        }),
      },
    );

    expect(await readTask()).toMatchObject({ status: 'Succeeded', content: '© me', topic: 't' });
  });

  it('asynchronous processing that breaks down ends its task as failed, with the reason in the log', async () => {
    const processImage = () => Promise.reject(new RangeError('no memory left'));

    const { readTask } = await startTask('image/deblindwatermark,s_low,t_text', { processImage });

    expect(await readTask()).toMatchObject({
      status: 'Failed',
      code: 'InternalError',
      message: 'no memory left',
    });
  });

  it('asynchronous processing reads back what the synchronous call has hidden in a picture', async () => {
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const oss = await startOss({ log, processImage: createImageProcessor() });
    const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
    const picture = sharp({ create: { width: 600, height: 400, channels: 3, background: '#888', noise } });
    await oss.call({ ...putObject, body: await picture.png().toBuffer() });

    const hide = `image/blindwatermark,content_${base64('© 猫')}|sys/saveas,o_${base64('a.jpg')}`;
    const hidden = await oss.call(process(hide));
    const asked = await oss.call(process('image/deblindwatermark,s_low,t_text', 'x-oss-async-process'));

    expect([hidden.statusCode, asked.statusCode]).toEqual([200, 200]);
    expect(await endedTask(log)).toMatchObject({ status: 'Succeeded', content: '© 猫' });
  });

  it.each([
    [`image/resize,w_9|sys/saveas,o_${base64('b')}`, 404, 'Imm Client'],
    ['video/convert,f_mp4', 400, 'MissingArgument'],
    ['', 400, 'InvalidRequest'],
  ])('asynchronous processing refuses %j', async (text, statusCode, code) => {
    const { response } = await startTask(text);

    expect([response.statusCode, response.code]).toEqual([statusCode, code]);
  });
});

describe('simulated tasks', () => {
  async function simulate(text: string, options: Partial<LocalOssOptions> = {}) {
    const tasks: TaskEvent[] = [];
    const onTaskEvent = (event: TaskEvent) => void tasks.push(event);
    const oss = await startOss({ simulateTasks: true, onTaskEvent, ...options });
    await oss.call(putObject);
    const response = await oss.call(process(text, 'x-oss-async-process'));
    await vi.waitFor(() => expect(tasks).not.toEqual([]));
    return { oss, task: tasks[0], ids: JSON.parse(response.text) };
  }

  it('a simulated task saves a placeholder that says what it is, raises its event, and tells the end of the task', async () => {
    const { oss, task, ids } = await simulate(`video/convert,f_mp4|sys/saveas,o_${base64('mp4/猫 %.mp4')}`);

    const saved = await oss.call({ method: 'GET', bucket: 'photos', key: 'mp4/猫 %.mp4' });
    expect(saved.text).toContain(
      'placeholder of the local OSS for video/convert,f_mp4 of oss://photos/a.jpg',
    );
    expect(oss.events.map(({ eventName, oss: { object } }) => [eventName, object.key])).toContainEqual([
      'ObjectCreated:PutObject',
      'mp4/猫 %.mp4',
    ]);
    expect(task).toMatchObject({
      source: 'acs.imm',
      type: 'imm:Task:MediaConvert',
      data: {
        TaskId: ids.TaskId,
        Status: 'Succeeded',
        Sources: [{ URI: 'oss://photos/a.jpg' }],
        Targets: [{ URI: 'oss://photos/mp4/猫 %.mp4' }],
      },
    });
  });

  it('a simulated task numbers what is several, and tells each as a target', async () => {
    const { oss, task } = await simulate(
      `video/snapshots,f_jpg,num_9|sys/saveas,o_${base64('frames/{index}.jpg')}`,
    );

    const uris = [{ URI: 'oss://photos/frames/1.jpg' }, { URI: 'oss://photos/frames/2.jpg' }];
    expect(task?.data.Targets).toEqual(uris);
    expect((await oss.call({ method: 'HEAD', bucket: 'photos', key: 'frames/2.jpg' })).statusCode).toBe(200);
  });

  it('a simulated task fails where its key has another variable', async () => {
    const { task } = await simulate(`doc/convert,target_pdf|sys/saveas,o_${base64('{barename}.pdf')}`);

    expect(task).toMatchObject({
      type: 'imm:Task:OfficeConversion',
      data: { Status: 'Failed', Message: expect.stringContaining('{barename}'), Targets: [] },
    });
  });

  it('a simulated task draws a snapshot of a video in the size and format that it was asked for', async () => {
    const oss = await startOss({ simulateTasks: true, processImage: createImageProcessor() });
    await oss.call(putObject);
    const snapshot = `video/snapshot,t_1000,f_png,w_320,m_fast|sys/saveas,o_${base64('cover.png')}`;

    const { statusCode } = await oss.call(process(snapshot));
    const saved = await oss.call({ method: 'GET', bucket: 'photos', key: 'cover.png' });

    expect(statusCode).toBe(200);
    expect(await sharp(saved.body).metadata()).toMatchObject({ format: 'png', width: 320, height: 180 });
  });
});
