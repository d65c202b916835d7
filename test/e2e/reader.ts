import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { createCheckout, environment } from '../deploy/checkout.ts';
import { send, signV4 } from '../local/oss/v4-client.ts';

export interface Started {
  output: () => string;
  ended: Promise<number | null>;
  /** Presses Ctrl-C; resolves to the exit code. */
  end: () => Promise<number | null>;
}

/** The machine of somebody who reads the documents: a clone, a project of their own, and the programs that these need. */
export async function createReader() {
  const checkout = await createCheckout();
  const [clone, home, own] = [checkout.dir, join(checkout.dir, '../home'), join(checkout.dir, '../own')];
  for (const name of ['test', 'vitest.config.ts']) {
    await cp(name, join(clone, name), { recursive: true });
  }
  // `npm install oss-saveas` leaves it like this.
  const modules = join(own, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await symlink(clone, join(modules, 'oss-saveas'));
  await symlink(join(clone, 'bin/oss-saveas.js'), join(modules, '.bin/oss-saveas'));
  await symlink(resolve('node_modules/.bin/s'), join(modules, '.bin/s'));
  await mkdir(join(home, 'bin'));
  await copyFile('test/fixtures/deploy/aliyun.cjs', join(home, 'bin/aliyun'));
  const env = {
    ...environment,
    ...{ PATH: `${join(home, 'bin')}:${process.env.PATH}`, HOME: home, LANG: 'en_US.UTF-8' },
    ...{ npm_config_cache: join(home, 'cache'), npm_config_offline: 'true' },
    ...{ serverless_devs_config_home: home, serverless_devs_daemon_enable: 'false' },
    ...{ NODE_ENV: 'test', CI: 'true' },
    FC3_COMPONENT: resolve('test/fixtures/deploy/fc3'),
    FC3_RECORD: join(home, 'deployed.json'),
    ALIYUN_RECORD: join(home, 'aliyun.jsonl'),
  };
  return {
    clone,
    own,
    start: (command: string, cwd: string, more: Record<string, string> = {}) =>
      start(command, cwd, { ...env, ...more }),
    remove: checkout.remove,
  };
}

function start(command: string, cwd: string, env: Record<string, string>): Started {
  const child = spawn('bash', ['-c', command], {
    ...{ cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  const end = () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`"${command}" ended by itself: ${output}`);
    }
    process.kill(-(child.pid ?? 0), 'SIGINT');
    return ended;
  };
  return { output: () => output, ended, end };
}

/** Puts what the documents name into an OSS and a folder: pictures, an inventory of one, a dead letter, settings of other tools. */
export async function putWhatIsNamed(url: string, dir: string): Promise<void> {
  const put = async (bucket: string, key: string | undefined, body: Buffer | string) => {
    const port = Number(new URL(url).port);
    const { statusCode, text } = await send(
      port,
      signV4({ method: 'PUT', bucket, ...(key !== undefined && { key }), body }),
    );
    if (statusCode !== 200) {
      throw new Error(text);
    }
  };
  const picture = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'navy' } })
    .jpeg()
    .toBuffer();
  for (const bucket of ['my-photos', 'reports']) {
    await put(bucket, undefined, '');
  }
  await put('my-photos', 'a.jpg', picture);
  await put('my-photos', 'uploads/a.jpg', picture);
  await put('photos', 'uploads/portrait.jpg', picture);
  const rows = gzipSync(`"my-photos","uploads%2Fa.jpg","${picture.length}"\n`);
  await put('reports', 'photos/all/data/1.csv.gz', rows);
  const manifest = {
    ...{ sourceBucket: 'my-photos', fileFormat: 'CSV', fileSchema: 'Bucket, Key, Size' },
    files: [
      {
        key: 'photos/all/data/1.csv.gz',
        MD5checksum: createHash('md5').update(rows).digest('hex').toUpperCase(),
      },
    ],
  };
  await put('reports', 'photos/all/2026-11-01T16-00Z/manifest.json', JSON.stringify(manifest));
  const event = { bucket: 'my-photos', key: 'uploads/a.jpg' };
  const letter = { requestId: '1', attempts: 4, event, error: {} };
  await writeFile(join(dir, 'letter.json'), JSON.stringify(letter));
  await copyFile('rules.yaml', join(dir, 'my-rules.yaml'));
  await copyFile('test/fixtures/import/lambda-sample.json', join(dir, 'config.json'));
  await copyFile('test/fixtures/import/firebase-docs.env', join(dir, 'storage-resize-images.env'));
}
