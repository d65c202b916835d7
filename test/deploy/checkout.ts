import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The end of a command: what it printed on both streams, and its exit code. */
interface Ran {
  exitCode: number | null;
  output: string;
}

/** A copy of what a clone holds, to deploy from. */
export interface Checkout {
  dir: string;
  /** Runs the real `s`, offline: the `fc3` component is a local one, home and telemetry are our own. */
  s(args: readonly string[], env?: Record<string, string | undefined>): Promise<Ran>;
  remove(): Promise<void>;
}

export const environment = {
  OSS_REGION: 'cn-hangzhou',
  OSS_BUCKET: 'my-photos',
  AccountID: '1234567890123456',
  AccessKeyID: 'scratch-key-id',
  AccessKeySecret: 'scratch-key-secret',
};

export async function createCheckout(): Promise<Checkout> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oss-saveas-deploy-')));
  const [dir, home] = [join(root, 'project'), join(root, 'home')];
  await mkdir(home);
  for (const name of ['package.json', 'tsconfig.json', 's.yaml', 'rules.yaml', 'bin', 'src']) {
    await cp(name, join(dir, name), { recursive: true });
  }
  await symlink(resolve('node_modules'), join(dir, 'node_modules'));
  const base = {
    ...environment,
    PATH: process.env.PATH,
    HOME: home,
    serverless_devs_config_home: home,
    serverless_devs_daemon_enable: 'false',
    NODE_ENV: 'test',
    CI: 'true',
    FC3_COMPONENT: resolve('test/fixtures/deploy/fc3'),
    FC3_RECORD: join(dir, 'deployed.json'),
  };
  return {
    dir,
    s: (args, env) => execute('node_modules/.bin/s', args, { cwd: dir, env: { ...base, ...env } }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export function execute(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<Ran> {
  return new Promise((settle, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    }
    child.on('error', reject);
    child.on('close', (exitCode) => settle({ exitCode, output: Buffer.concat(chunks).toString() }));
  });
}
