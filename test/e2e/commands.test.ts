import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { buildProject } from './built-project.ts';

const run = promisify(execFile);

let project: Awaited<ReturnType<typeof buildProject>>;
beforeAll(async () => {
  project = await buildProject();
});
afterAll(() => project.remove());

function start(...args: string[]): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, ['build/cli.js', ...args], { cwd: project.dir });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => (text += chunk));
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    // It may still run where a test failed; what it started ends with it.
    child.kill('SIGKILL');
    await ended;
  });
  return { child, output: () => text, ended };
}

const waitFor = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 50_000 });

/** Processes that this one has started and that have not ended. */
function childrenOf({ pid }: ChildProcess): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.trim().split('\n').filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the demo', () => {
  it('the demo shows every outcome as the expected one, the broken file among them, and ends with 0', async () => {
    const { output, ended } = start('demo');

    expect(await ended).toBe(0);
    expect(output()).toMatch(
      /uploads\/portrait\.jpg, 1200×1600\n +thumbnail +derived\/uploads\/portrait\.jpg-320\.webp +320×427/,
    );
    expect(output()).toMatch(
      /uploads\/broken\.jpg, no image, dead letter after 4 attempts\n +thumbnail +\S+ +failed/,
    );
    expect(output()).toContain('All 15 outcomes are as expected');
    expect(await readdir(join(project.dir, '.local-oss-demo/dead-letters'))).toHaveLength(1);
    expect(await readdir(join(project.dir, '.local-oss-demo/pictures'))).toContain(
      'photos-derived-uploads-logo.png-320.webp',
    );
  });
});

describe('a demo of other rules', () => {
  it('a demo of other rules draws its pictures where the rules take them, whatever s.yaml delivers, and leaves none outside its folder', async () => {
    await writeFile(
      join(project.dir, 'own.yaml'),
      'rules:\n  - name: small\n    match: { key: "in/[0-9]/*.png", bucket: my-photos }\n    outputs:\n      - style: image/resize,w_100\n        target: { key: "../../out/{base}" }\n',
    );

    const { output, ended } = start('demo', '--rules', 'own.yaml', '--data', 'own-demo');

    expect(await ended).toBe(0);
    expect(output()).toMatch(/in\/0\/logo\.png, 600×600\n +small +\.\.\/\.\.\/out\/logo\.png +100×100/);
    expect(await readdir(join(project.dir, 'own-demo/pictures'))).toEqual(['my-photos-..-..-out-logo.png']);
    expect(output()).toMatch(/^warning own\.yaml:\d+:\d+ no trigger delivers/m);
  });
});

describe('a demo of outputs that are taken back or archived', () => {
  it('a demo of outputs that are taken back or archived says so, and expects it', async () => {
    const outputs = [
      { style: 'image/format,bmp', target: { key: 'big/{base}' }, skipLarger: true },
      { style: 'image/resize,w_100', target: { key: 'cold/{base}' }, storageClass: 'ColdArchive' },
    ];
    const rules = [{ name: 'r', match: { key: 'uploads/*.{png,webp}', bucket: 'my-photos' }, outputs }];
    await writeFile(join(project.dir, 'taken-back.yaml'), JSON.stringify({ rules }));

    const { output, ended } = start('demo', '--rules', 'taken-back.yaml', '--data', 'taken-back-demo');

    expect(await ended).toBe(0);
    expect(output()).toMatch(/big\/logo\.png +larger-than-source/);
    expect(output()).toMatch(/cold\/logo\.png +archived/);
  });
});

describe('a demo of imported rules', () => {
  it.each([
    ['lambda-sample.json', /resized-\w+\.\w+ +300×/],
    ['firebase-docs.env', /thumbs\/\w+_400x400\.webp +\d+×/],
  ])('a demo of imported rules makes what %s asks for', async (sample, made) => {
    const rules = `${sample}.yaml`;
    const imported = start('import', join(process.cwd(), 'test/fixtures/import', sample), '--out', rules);
    expect(await imported.ended).toBe(0);

    const { output, ended } = start('demo', '--rules', rules, '--data', `${sample}-demo`);

    expect([await ended, output()]).toEqual([0, expect.stringMatching(made)]);
  });
});

describe('the local OSS', () => {
  it('the local OSS ends on SIGTERM with every process it started, whatever lay in its queue', async () => {
    const first = start('local', '--port', '0', '--data', 'stopped');
    await waitFor(() => first.output().includes('Ctrl-C'));
    first.child.kill('SIGTERM');
    await first.ended;
    const queue = join(project.dir, 'stopped/queue');
    await writeFile(join(queue, '1.json'), '{"requ');
    await writeFile(join(queue, '2.json'), '{"requestId": "1", "event": {"key": "none"}}');
    const { child, output, ended } = start('local', '--port', '0', '--data', 'stopped');
    await waitFor(() => output().includes('Ctrl-C') && childrenOf(child).length > 0);
    const instances = childrenOf(child);

    child.kill('SIGTERM');

    expect(await ended).toBe(143);
    await waitFor(() => !instances.some(isRunning));
    expect(output()).toContain('damaged file set aside');
    expect(await readdir(join(project.dir, 'stopped'))).not.toContain('lock');
  });

  it('the local OSS says where it is and what to do next, and ends cleanly', async () => {
    const { child, output, ended } = start('local', '--port', '0', '--data', 'here');
    await waitFor(() => output().includes('Ctrl-C'));
    await waitFor(() => output().includes('oss-saveas get'));

    child.kill('SIGINT');

    expect(await ended).toBe(130);
    expect(output()).toMatch(/endpoint +http:\/\/127\.0\.0\.1:\d+/);
    expect(output()).toMatch(/buckets +photos/);
    expect(output()).toContain('local / local-secret');
  });

  it('the local OSS of a project that init wrote has the bucket that was named there', async () => {
    await start('init', 'shop', '--region', 'cn-hangzhou', '--bucket', 'shop-photos').ended;

    const { child, output, ended } = start(...'local --port 0 --data s --rules shop/rules.yaml'.split(' '));
    await waitFor(() => output().includes('oss-saveas get'));
    child.kill('SIGINT');
    await ended;

    expect(output()).toMatch(/buckets +shop-photos$/m);
    expect(output()).toMatch(/oss-saveas get .* oss:\/\/shop-photos\/uploads\/portrait\.jpg$/m);
  });

  it('the local OSS prints commands that upload a picture and list what became of it', async () => {
    const { child, output, ended } = start('local', '--port', '0', '--data', 'here');
    await waitFor(() => output().includes('oss-saveas get'));
    const [, upload = '', list = ''] = /^ {2}(node -e .*)\n {2}npx oss-saveas (.*)$/m.exec(output()) ?? [];

    await run('sh', ['-c', upload], { cwd: project.dir });
    await waitFor(() => output().includes('output saved'));
    const { stdout } = await run(process.execPath, ['build/cli.js', ...list.split(' ')], {
      cwd: project.dir,
    });
    child.kill('SIGINT');
    await ended;

    expect(stdout).toMatch(/ uploads\/portrait\.jpg$/m);
    expect(stdout).toMatch(/ derived\/uploads\/portrait\.jpg-\d+\.webp$/m);
  });

  it('the local OSS names the option where its port is taken', async () => {
    const first = start('local', '--port', '0', '--data', 'first');
    await waitFor(() => first.output().includes('oss-saveas get'));
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(first.output()) ?? [];

    const second = start('local', '--port', port, '--data', 'second');

    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/in use .* Choose another one with --port/);
    first.child.kill('SIGINT');
    await first.ended;
  });

  it.each([
    [['local', '--port', 'x'], '--port: expected a number from 0 to 65535, received "x"'],
    [['local', '--inspect', '99999'], '--inspect: expected a number from 0 to 65535, received "99999"'],
    [['local', '--prot', '1'], "Unknown option '--prot'"],
    [
      ['local', '--rules', 'gone.yaml'],
      'gone.yaml cannot be read: no such file or directory; name another with --rules',
    ],
    [['nothing'], 'no command "nothing"'],
  ])('the local OSS refuses %j with one clear message', async (args, message) => {
    const { output, ended } = start(...args);

    expect(await ended).not.toBe(0);
    expect(output()).toContain(message);
    expect(output()).not.toMatch(/\n +at /);
  });
});

describe('a command', () => {
  it('a command reads the .env of the folder, as Serverless Devs does', async () => {
    await writeFile(join(project.dir, '.env'), '\uFEFFOSS_BUCKET=bucket-of-env\n');

    const { output, ended } = start('generate', 'event');

    expect(await ended).toBe(0);
    expect(output()).toContain('"bucket": "bucket-of-env"');
    await rm(join(project.dir, '.env'));
  });

  it('a command ends without a word when nobody reads on', async () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `uploads/${i}.jpg`);
    const child = spawn(process.execPath, ['build/cli.js', 'explain', ...keys], { cwd: project.dir });
    let complaint = '';
    child.stderr.on('data', (chunk) => (complaint += chunk));

    child.stdout.once('data', () => child.stdout.destroy());

    const [exitCode] = await once(child, 'close');
    expect([exitCode, complaint]).toEqual([141, '']);
  });

  it.each([[['explain', '-']], [['demo', '--data', 'interrupted']]])(
    'a command ends at once with 130 when the person presses Ctrl-C: %j',
    async (args) => {
      const tellReady =
        "data:text/javascript,process.on('newListener',(name)=>name==='SIGINT'&&process.stderr.write('ready'))";
      vi.stubEnv('NODE_OPTIONS', `--import ${tellReady}`);
      const { child, ended, output } = start(...args);
      vi.unstubAllEnvs();
      await waitFor(() => output().includes('ready'));

      child.kill('SIGINT');

      expect(await ended).toBe(130);
      expect(output()).not.toContain('outcomes are');
    },
  );
});

describe('the build', () => {
  it('the build leaves the function and the compiled rules in dist, and nothing else', async () => {
    expect((await readdir(join(project.dir, 'dist'))).sort()).toEqual([
      'function.cache',
      'function.js',
      'http.js',
      'index.js',
      'package.json',
      'rules.json',
    ]);
    expect(JSON.parse(await readFile(join(project.dir, 'dist/rules.json'), 'utf8')).rules).toHaveLength(2);
  });

  it('the build takes away what an earlier one left, but for what a program of today may still load', async () => {
    const inBuild = (name: string) => join(project.dir, 'build', name);
    const before = await readdir(inBuild(''));
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    for (const name of ['backfill-0LD2CHNK.js', 'own-program.js', 'check-T0DAYS2X.js']) {
      await writeFile(inBuild(name), '');
      await utimes(inBuild(name), twoDaysAgo, name.startsWith('check') ? Date.now() / 1000 : twoDaysAgo);
    }

    await run('npm', ['run', '--silent', 'compile'], { cwd: project.dir });

    const names = await readdir(inBuild(''));
    expect(names.sort()).toEqual([...before, 'own-program.js', 'check-T0DAYS2X.js'].sort());
  });

  it('the build fails on a broken rule, with its line', async () => {
    const { output, ended } = start('build', '--rules', 'package.json', '--out', 'broken');

    expect(await ended).toBe(1);
    expect(output()).toMatch(/package\.json:\d+:\d+ .*expected/);
    await rm(join(project.dir, 'broken'), { recursive: true, force: true });
  });
});
