import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { processImage } from '../../src/local/image/process-image.ts';
import { account, prepare } from './doctor-fixture.ts';
import { runCommand } from './terminal.ts';

const picture = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: 'navy' } })
    .jpeg()
    .toBuffer();

describe('the doctor', () => {
  it('the doctor finds a sound deployment sound, and leaves nothing behind', async () => {
    const { oss, examine } = await prepare(account, { processImage });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.jpg', body: await picture() });

    const { exitCode, findings } = await examine(['--wet', 'oss://photos/uploads/a.jpg']);

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'rules',
      'credentials',
      'endpoint',
      'clock',
      'bucket photos',
      ...['thumbnail', 'thumbnail', 'copyright'].flatMap((rule) => [`style of ${rule}`, `save of ${rule}`]),
      'triggers cover rules',
      'trigger oss-upload',
      'role',
    ]);
    expect(exitCode).toBe(0);
    const list = await oss.call({ method: 'GET', bucket: 'photos', query: { 'list-type': '2' } });
    expect([...list.text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)).toEqual(['uploads/a.jpg']);
  });

  it('the doctor saves nothing unless --wet asks for it', async () => {
    const { oss, examine } = await prepare(account, { processImage });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.jpg', body: await picture() });

    const { findings } = await examine(['oss://photos/uploads/a.jpg']);

    expect(findings.filter(({ check }) => /^(style|save) /.test(check)).map(({ check }) => check)).toEqual([
      'style of thumbnail',
      'style of thumbnail',
      'style of copyright',
    ]);
  });

  it('the doctor does not pass --wet for done where no object is named', async () => {
    const { exitCode, out, err } = await runCommand(['doctor', '--wet']);

    expect([exitCode, out, err]).toEqual([2, '', expect.stringContaining('--wet: name an object')]);
  });

  it('the doctor saves nothing where a rule would take what it saves', async () => {
    const { oss, home, examine } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'a' });
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: "**", exclude: "small/**" }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--wet', '--rules', rules, 'oss://photos/a.jpg']);

    expect(of('save of all')?.state).toBe('cannot tell');
    expect(oss.events).toHaveLength(1);
  });

  it('the doctor starts no task to try a style', async () => {
    const { oss, home, examine } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.mov', body: 'a' });
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: film\n    match: { key: "*.mov" }\n    outputs:\n      - style: video/convert,f_mp4\n        target: { key: "mp4/{base}" }\n',
    );

    const { of } = await examine(['--wet', '--rules', rules, 'oss://photos/a.mov']);

    expect(of('style of film')).toMatchObject({
      state: 'cannot tell',
      found: expect.stringContaining('task'),
    });
    expect(of('save of film')).toBeUndefined();
  });

  it('the doctor says of an object that no rule takes why it tries no style on it', async () => {
    const { oss, examine } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.txt', body: 'a' });

    const { exitCode, of } = await examine(['oss://photos/a.txt']);

    expect(of('style')).toMatchObject({ state: 'wrong', found: 'oss://photos/a.txt: no-rule-matched' });
    expect(exitCode).toBe(1);
  });

  it('the doctor warns of the variable by which s deploy hangs', async () => {
    const { examine } = await prepare();

    const { exitCode, of } = await examine([], { FC_REGION: 'cn-hangzhou' });

    expect(of('environment')).toMatchObject({ state: 'wrong', advice: 'unset FC_REGION' });
    expect(exitCode).toBe(1);
  });

  it('the doctor sees that a style does not work on the object', async () => {
    const { oss, examine } = await prepare(account, { processImage });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.png', body: 'no picture' });

    const { exitCode, of } = await examine(['oss://photos/uploads/a.png']);

    expect(of('style of thumbnail')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('GetObject oss://photos/uploads/a.png failed: 400'),
    });
    expect(exitCode).toBe(1);
  });
});
