import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { processImage } from '../../src/local/image/process-image.ts';
import { startOss } from '../local/oss/running-oss.ts';
import { createCheckout, execute } from './checkout.ts';

/** The shell blocks of the pages about deploying and about taking it away; the first one is the .env. */
async function readChapter(): Promise<{ dotEnv: string; commands: string[] }> {
  const pages = ['docs/deploy.md', 'docs/uninstall.md'].map((file) => readFile(file, 'utf8'));
  const chapter = (await Promise.all(pages)).join('\n');
  const [dotEnv = '', ...blocks] = [...chapter.matchAll(/^```sh\n(.*?)^```/gms)].map(
    ([, block = '']) => block,
  );
  const lines = blocks.join('').split('\n');
  return { dotEnv, commands: lines.filter((line) => line.trim() !== '') };
}

/** A clone with the .env that a reader fills in, a local OSS in the account's place, and a stand-in for `aliyun`. */
async function createReader(dotEnv: string) {
  const checkout = await createCheckout();
  const home = await mkdtemp(join(tmpdir(), 'oss-saveas-home-'));
  onTestFinished(async () => {
    await checkout.remove();
    await rm(home, { recursive: true, force: true });
  });
  const oss = await startOss({ buckets: ['my-photos'], processImage });
  const picture = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'navy' } })
    .jpeg()
    .toBuffer();
  for (const key of ['a.jpg', 'uploads/a.jpg']) {
    await oss.call({ method: 'PUT', bucket: 'my-photos', key, body: picture });
  }
  // The one thing a reader fills in.
  const filled = dotEnv.replace('AccessKeyID=…', 'AccessKeyID=local').replace('=…', '=local-secret');
  await writeFile(join(checkout.dir, '.env'), filled);
  await mkdir(join(home, 'bin'));
  await copyFile('test/fixtures/deploy/aliyun.cjs', join(home, 'bin/aliyun'));
  const record = join(home, 'aliyun.jsonl');
  const env = {
    PATH: `${join(home, 'bin')}:${process.env.PATH}`,
    HOME: home,
    npm_config_cache: join(home, 'cache'),
    npm_config_offline: 'true',
    serverless_devs_config_home: home,
    serverless_devs_daemon_enable: 'false',
    NODE_ENV: 'test',
    CI: 'true',
    FC3_COMPONENT: resolve('test/fixtures/deploy/fc3'),
    FC3_RECORD: join(checkout.dir, 'deployed.json'),
    ALIYUN_RECORD: record,
    OSS_ENDPOINT: `http://127.0.0.1:${oss.port}`,
  };

  return {
    ...{ oss, record, dir: checkout.dir },
    run: (command: string) => execute('bash', ['-c', command], { cwd: checkout.dir, env }),
  };
}

it('the chapter on deployment walks from the first deployment to the removal, every command as it is printed', async () => {
  const { dotEnv, commands } = await readChapter();
  const { oss, record, run } = await createReader(dotEnv);

  const ended = [];
  for (const command of commands) {
    const { exitCode, output } = await run(command);
    ended.push(exitCode === 0 ? { command, exitCode } : { command, exitCode, output });
  }

  expect(ended).toEqual(commands.map((command) => ({ command, exitCode: 0 })));
  const calls: string[][] = (await readFile(record, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const made = (operation: string) => calls.filter(([, name]) => name === operation).map((call) => call[3]);
  expect(made('CreateRole').sort()).toEqual(
    made('DeleteRole').concat('AliyunOSSEventNotificationRole').sort(),
  );
  expect(made('CreatePolicy').sort()).toEqual(made('DeletePolicy').sort());
  const [, policy = ''] = calls.find((call) => call.includes('CreatePolicy'))?.slice(-2) ?? [];
  expect(JSON.parse(policy).Statement[0].Resource).toEqual(['acs:oss:*:*:my-photos/uploads/*']);
  const saved = await oss.call({ method: 'GET', bucket: 'my-photos', key: 'b.jpg' });
  expect(saved.statusCode).toBe(200);
}, 180_000);

it('a policy that rules have outgrown is named by --check, and updated by the command that it prints', async () => {
  const { dotEnv, commands } = await readChapter();
  const { run, dir } = await createReader(dotEnv);
  const create = commands.find((command) => command.startsWith('aliyun ram CreatePolicy ')) ?? '';
  const check = 'npx oss-saveas generate policy --check';
  expect(await run(create)).toMatchObject({ exitCode: 0 });
  const before = await run(check);
  const rules = join(dir, 'rules.yaml');
  await writeFile(rules, (await readFile(rules, 'utf8')).replace('"marked/{key}"', '"stamped/{key}"'));

  const outgrown = await run(check);
  const [printed = ''] = /^aliyun ram .*$/m.exec(outgrown.output) ?? [];
  await run(printed);
  const after = await run(check);

  expect([before.exitCode, outgrown.exitCode, after.exitCode]).toEqual([0, 1, 0]);
  expect(outgrown.output).toContain('lacks oss:PutObject on oss://my-photos/stamped/uploads/');
  expect(after.output).toContain('may do all that the rules need');
  expect(commands).toContain(printed);
}, 120_000);
