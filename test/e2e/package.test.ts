import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { rulesFormat } from '../../src/rules/rule-set.ts';
import { environment, execute } from '../deploy/checkout.ts';
import { fetchNode, platformVersion } from '../node-binary.ts';
import { type Installation, installPackage, packProject } from './installed-package.ts';

const run = promisify(execFile);
const { version } = packageJson;

let installed: Installation;
beforeAll(async () => {
  installed = await installPackage();
  await run('npx', ['oss-saveas', 'init', '.', '--yes', '--lang', 'en'], { cwd: installed.dir });
});
afterAll(() => installed.remove());

const inPackage = (path: string) => join(installed.dir, 'node_modules/oss-saveas', path);

/** Tells whether V8 took a built function's code cache on the platform's Node.js. */
async function outcomeOfCodeCache(codeDir: string): Promise<string | undefined> {
  const tell = resolve('test/fixtures/deploy/tell-code-cache.cjs');
  const node = await fetchNode(platformVersion);
  const { stdout } = await run(node, ['--require', tell, '--eval', `require('${codeDir}/index.js')`]);
  return /^code cache: (.*)$/m.exec(stdout)?.[1];
}

async function project(name: string): Promise<string> {
  const dir = join(installed.dir, name);
  await mkdir(dir);
  await cp('rules.yaml', join(dir, 'rules.yaml'));
  return dir;
}

describe('the installed package', () => {
  it('the installed package checks and builds a project without a bundler', async () => {
    const cwd = await project('builds');

    const checked = await run('npx', ['oss-saveas', 'check'], { cwd });
    await run('npx', ['oss-saveas', 'build'], { cwd });

    expect(checked.stdout).toContain('2 rules: 0 errors, 0 warnings');
    expect(await readdir(cwd)).toEqual(['dist', 'rules.yaml']);
    expect(await readdir(join(cwd, 'dist'))).toEqual([
      'function.cache',
      'function.js',
      'http.js',
      'index.js',
      'package.json',
      'rules.json',
    ]);
    expect(await readFile(join(cwd, 'dist/function.js'))).toEqual(
      await readFile(inPackage('build/function/function.js')),
    );
    expect(await outcomeOfCodeCache(join(cwd, 'dist'))).toBe('taken');

    const { builtBy } = JSON.parse(await readFile(join(cwd, 'dist/rules.json'), 'utf8'));
    expect(builtBy).toBe(version);
    expect(await readdir(join(installed.dir, 'node_modules'))).not.toContain('esbuild');
  });

  it('the installed package and what it needs run no script at installation, which pnpm refuses; it holds neither sources nor tests', async () => {
    const lock = await readFile(join(installed.dir, 'package-lock.json'), 'utf8');
    const packages: Record<string, { hasInstallScript?: true }> = JSON.parse(lock).packages;
    const files = await readdir(inPackage('.'), { recursive: true });

    expect(Object.keys(packages).filter((name) => packages[name]?.hasInstallScript)).toEqual([]);
    expect(files.filter((file) => /(?<!\.d)\.tsx?$|^test/.test(file))).toEqual([]);
  });

  it('the installed package names the targets of an upload to a typed program', async () => {
    const cwd = await project('imports');
    await run('npx', ['oss-saveas', 'build'], { cwd });
    const program = `import { readFileSync } from 'node:fs';
import { parseRuleSet, type RuleTarget, targetsOf } from 'oss-saveas';
const ruleSet = parseRuleSet(readFileSync('dist/rules.json', 'utf8'), 'dist/rules.json');
const targets: RuleTarget[] = targetsOf(ruleSet, { bucket: 'my-photos', key: 'uploads/a.png', sizeBytes: 1 });
console.log(targets.map(({ key }) => key).join());
`;
    await writeFile(join(cwd, 'program.mts'), program);
    const [file, types] = [join(cwd, 'program.mts'), resolve('node_modules/@types')];
    const options = [
      '--ignoreConfig',
      '--strict',
      '--module',
      'nodenext',
      '--types',
      'node',
      '--typeRoots',
      types,
    ];
    await run(resolve('node_modules/.bin/tsc'), [...options, file], { cwd });

    const { stdout } = await run(process.execPath, ['program.mjs'], { cwd });

    expect(stdout).toBe('derived/uploads/a.png-320.webp,derived/uploads/a.png-1280.webp\n');
  });

  it('the installed package carries the notices of what is bundled in it', async () => {
    const bundle = await readFile(inPackage('build/function/function.js'), 'utf8');
    const notices = await readFile(inPackage('build/LICENSES.txt'), 'utf8');

    expect(bundle).toContain('Copyright (c) Matteo Collina and Undici contributors');
    for (const name of ['preact', '@codemirror/view', '@lezer/common', 'exifreader']) {
      expect(notices).toContain(`${name}\n\n`);
    }
  });

  it('the installed package takes at most 60 MB in 60 packages', async () => {
    const lock = await readFile(join(installed.dir, 'node_modules/.package-lock.json'), 'utf8');
    const packages = Object.keys(JSON.parse(lock).packages);
    const files = await readdir(join(installed.dir, 'node_modules'), { recursive: true });
    const stats = await Promise.all(files.map((file) => stat(join(installed.dir, 'node_modules', file))));
    const megabytes = stats.reduce((sum, { size }) => sum + size, 0) / 2 ** 20;
    console.log(`installed: ${packages.length} packages, ${megabytes.toFixed(1)} MB`);

    expect(packages.length).toBeLessThanOrEqual(60);
    expect(megabytes).toBeLessThanOrEqual(60);
  });
});

/** `npm run package` names Node.js versions to try beside the one that runs the tests, and packs a next version, too. */
const nodeVersions = process.env.PACKAGE_NODES?.split(',') ?? [];

describe('a project of a user', () => {
  it.each(['this', ...nodeVersions])(
    'a project that init wrote starts a local OSS whose function makes derivatives, on Node.js %s',
    async (version) => {
      const node = version === 'this' ? process.execPath : await fetchNode(version);
      const url = await startProject(installed.dir, node);
      const client = new OSS({
        ...{ endpoint: url, region: 'oss-cn-hangzhou', bucket: 'my-photos', authorizationV4: true },
        ...{ accessKeyId: 'local', accessKeySecret: 'local-secret' },
      });
      const picture = await sharp({ create: { width: 2000, height: 1000, channels: 3, background: 'teal' } })
        .png()
        .toBuffer();

      await client.put(`uploads/${version}.png`, picture);

      const derivative = await vi.waitFor(
        () => client.get(`derived/uploads/${version}.png-1280.webp`),
        15_000,
      );
      expect(await sharp(derivative.content).metadata()).toMatchObject({
        format: 'webp',
        width: 1280,
        height: 640,
      });
    },
  );

  it('a project that init wrote deploys the bundle of the package with its own rules', async () => {
    const { exitCode, output, deployed } = await deployProject('npm', ['run', 'deploy']);

    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    const { codeDir, files, props } = deployed;
    const built = ['function.cache', 'function.js', 'http.js', 'index.js'];
    expect(files).toEqual([...built, 'package.json', 'rules.json']);
    expect(props.concurrencyConfig).toEqual({ reservedConcurrency: 5 });
    expect(await readFile(join(codeDir, 'function.js'))).toEqual(
      await readFile(inPackage('build/function/function.js')),
    );
    expect(JSON.parse(await readFile(join(codeDir, 'rules.json'), 'utf8')).rules).toMatchObject([
      { name: 'thumbnail' },
    ]);
  });
});

if (nodeVersions.length > 0) {
  describe('another package manager', () => {
    it.each([
      ['pnpm', 'pnpm@12.21.0', 'pnpm'],
      // It keeps packages zipped, which only its own Node.js options can read.
      ["Yarn's Plug'n'Play", '@yarnpkg/cli-dist@4.18.1', 'yarn'],
    ])(
      'a project of %s installs the package, and its function makes derivatives',
      async (_, from, name) => {
        const cwd = await project(name);
        await writeFile(join(cwd, 'package.json'), '{ "private": true }\n');
        await writeFile(join(cwd, 'yarn.lock'), ''); // It tells Yarn that this is a project of its own.
        const env = { ...process.env, HOME: join(installed.dir, 'home') };
        const managed = (...args: string[]) =>
          run('npm', ['exec', '--yes', `--package=${from}`, '--', name, ...args], { cwd, env });

        await managed('add', `oss-saveas@file:${installed.packed}`);
        const { stdout } = await managed('exec', 'oss-saveas', 'demo');

        expect(stdout).toContain('All 15 outcomes are as expected');
      },
      120_000,
    );
  });

  describe('an upgrade', () => {
    it('an upgrade to a version of other formats is led through by check, then deploys', async () => {
      const cwd = installed.dir;
      await run('npx', ['oss-saveas', 'build'], { cwd });
      const next = join(cwd, 'next');
      await mkdir(next);
      const packed = await packProject(next, becomeNextVersion);
      await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', packed], { cwd });

      const check = () => run('npm', ['run', '--silent', 'check'], { cwd });
      const refused = await check().catch((error: { stdout: string }) => error);
      expect(refused.stdout).toMatch(
        /^error s\.yaml:\d+:\d+ .*an earlier version read LOG_LEVEL, this one does not\n(.*\n)*.*Name it VERBOSITY/m,
      );
      expect(refused.stdout).toContain(
        `dist/rules.json was built by oss-saveas ${version} in format ${rulesFormat}, this version reads format ${rulesFormat + 1}`,
      );

      const template = join(cwd, 's.yaml');
      await writeFile(template, (await readFile(template, 'utf8')).replace('LOG_LEVEL', 'VERBOSITY'));
      await check();
      const { exitCode, output, deployed } = await deployProject('npm', ['run', 'deploy']);
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
      expect(deployed.props.environmentVariables).toMatchObject({ VERBOSITY: 'info' });
      const built = JSON.parse(await readFile(join(deployed.codeDir, 'rules.json'), 'utf8'));
      expect(built).toMatchObject({ format: rulesFormat + 1, builtBy: nextVersion });
      expect(await readFile(join(deployed.codeDir, 'function.js'))).toEqual(
        await readFile(inPackage('build/function/function.js')),
      );
      expect((await check()).stdout).not.toContain('was built by');
    });
  });
}

/** Runs a command that deploys the user's project; resolves to what the component in Function Compute's place was handed. */
async function deployProject(file: string, args: readonly string[]) {
  const home = join(installed.dir, 'home');
  await mkdir(home, { recursive: true });
  const record = join(home, 'deployed.json');
  const ran = await execute(file, args, {
    cwd: installed.dir,
    env: {
      ...environment,
      // The `s` of this project, where a user installs one from the registry.
      ...{ PATH: `${process.env.PATH}:${resolve('node_modules/.bin')}`, HOME: home },
      ...{ serverless_devs_config_home: home, serverless_devs_daemon_enable: 'false' },
      ...{ NODE_ENV: 'test', CI: 'true' },
      ...{ FC3_COMPONENT: resolve('test/fixtures/deploy/fc3'), FC3_RECORD: record },
    },
  });
  const text = await readFile(record, 'utf8').catch(() => '{}');
  await rm(record, { force: true });
  return { ...ran, deployed: JSON.parse(text) };
}

const nextVersion = '99.0.0';

/** Makes a copy of this project a version that does not exist yet, which changed a format and dropped a setting. */
async function becomeNextVersion(dir: string): Promise<void> {
  const edit = async (file: string, from: string, to: string) => {
    const text = await readFile(join(dir, file), 'utf8');
    expect(text).toContain(from);
    await writeFile(join(dir, file), text.replace(from, to));
  };
  await edit('package.json', `"version": "${version}"`, `"version": "${nextVersion}"`);
  await edit('src/rules/rule-set.ts', `rulesFormat = ${rulesFormat}`, `rulesFormat = ${rulesFormat + 1}`);
  await edit('src/check/functions.ts', '  RULES:', "  LOG_LEVEL: 'Name it VERBOSITY.',\n  RULES:");
}

/** Runs `npm start` on that Node.js until the test ends; resolves to the address of the local OSS. */
async function startProject(cwd: string, node: string): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const started = spawn('npm', ['start', '--', '--port', '0'], { cwd, env, detached: true });
  onTestFinished(async () => {
    process.kill(-(started.pid ?? 0), 'SIGTERM');
    await once(started, 'close');
  });
  let output = '';
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return vi.waitFor(() => {
    const [, url] = /endpoint +(http:\S+)/.exec(output) ?? [];
    if (url === undefined) {
      throw new Error(output);
    }
    return url;
  }, 30_000);
}

describe('without sharp', () => {
  it('the local OSS says in one sentence that sharp is missing, and everything else works', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'without-sharp-'));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    await cp('rules.yaml', join(cwd, 'rules.yaml'));
    const packages = join(installed.dir, 'node_modules');
    const isKept = (path: string) => !/^(sharp|@img)$/.test(relative(packages, path));
    await cp(packages, join(cwd, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: isKept,
    });

    const started = run('npx', ['oss-saveas', 'local', '--port', '0'], { cwd });

    await expect(started).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^oss-saveas local: .*sharp, which is not installed or does not run here.*\n$/,
      ),
    });
    await run('npx', ['oss-saveas', 'check'], { cwd });
  });
});
