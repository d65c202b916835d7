import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { init, nextSteps } from '../../src/cli/init.ts';
import { findOtherScripts, writeProject } from '../../src/cli/init-files.ts';
import { findTemplate, loadRules } from '../../src/cli/project.ts';
import { createIo } from './terminal.ts';

const answers = { region: 'cn-shanghai', bucket: 'my-pictures' };
const templateDir = (lang: string) => `src/deploy/project/${lang}/src`;

async function emptyFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-init-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

describe('a new project', () => {
  it.each(['en', 'zh'])('a new project has sound rules and a deployment for them in %s', async (lang) => {
    const dir = await emptyFolder();

    await writeProject(dir, templateDir(lang), answers);

    expect((await readdir(dir)).sort()).toEqual(['.gitignore', 'package.json', 'rules.yaml', 's.yaml']);
    const { source } = await loadRules(join(dir, 'rules.yaml'));
    const template = await findTemplate(undefined, dir, {});
    expect(source).toHaveLength(1);
    expect(template?.diagnostics).toEqual([]);
    expect(template?.functions).toMatchObject([
      { name: 'oss-saveas', region: 'cn-shanghai', triggers: [{ type: 'oss', bucket: 'my-pictures' }] },
    ]);
    expect(await readFile(join(dir, 's.yaml'), 'utf8')).not.toContain('{{');
  });

  it.each([
    ['cn-hangzhou', 5],
    ['eu-central-1', 1],
  ])(
    'a new project in %s runs at most %i instances, as the image quota there allows',
    async (region, count) => {
      const dir = await emptyFolder();

      await writeProject(dir, templateDir('en'), { ...answers, region });

      expect(await readFile(join(dir, 's.yaml'), 'utf8')).toContain(`reservedConcurrency: ${count}\n`);
    },
  );

  it('both languages of a new project say the same to machines', async () => {
    for (const name of ['rules.yaml', 's.yaml', 'package.json', '_gitignore']) {
      const [en, zh] = await Promise.all(
        ['en', 'zh'].map((lang) => readFile(join(templateDir(lang), name), 'utf8')),
      );

      expect(zh?.replace(/ *#.*/g, '')).toBe(en?.replace(/ *#.*/g, ''));
    }
  });

  it('a new project asks for this version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));

    const { dependencies } = JSON.parse(await readFile(join(templateDir('en'), 'package.json'), 'utf8'));

    expect(dependencies).toEqual({ 'oss-saveas': `^${version}` });
  });
});

describe('a folder that holds files', () => {
  it('a folder that holds files keeps files that are there, and gives package.json only what it lacks', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'rules.yaml'), 'mine');
    const own = {
      name: 'shop',
      scripts: { start: 'mine' },
      dependencies: { 'oss-saveas': 'file:packed.tgz' },
    };
    await writeFile(join(dir, 'package.json'), JSON.stringify(own));

    const lines = await writeProject(dir, templateDir('en'), answers);
    const again = await writeProject(dir, templateDir('en'), answers);

    expect(await readFile(join(dir, 'rules.yaml'), 'utf8')).toBe('mine');
    expect(lines[0]).toBe(`kept  ${join(dir, 'rules.yaml')}, which was there`);
    const { name, scripts, dependencies, devDependencies } = JSON.parse(
      await readFile(join(dir, 'package.json'), 'utf8'),
    );
    expect({ name, dependencies }).toEqual({ name: 'shop', dependencies: own.dependencies });
    expect(scripts).toMatchObject({ start: 'mine', check: 'oss-saveas check', deploy: 's deploy' });
    expect(Object.keys(devDependencies)).toEqual(['@serverless-devs/s']);
    expect(again.at(-1)).toBe(`kept  ${join(dir, 'package.json')}, which has all it needs`);
  });

  it('a folder that holds files keeps the package where npm install --save-dev has put it', async () => {
    const dir = await emptyFolder();
    const devDependencies = { 'oss-saveas': 'file:packed.tgz' };
    await writeFile(join(dir, 'package.json'), JSON.stringify({ devDependencies }));

    await writeProject(dir, templateDir('en'), answers);

    const completed = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
    expect(completed.dependencies).toEqual({});
    expect(completed.devDependencies).toMatchObject(devDependencies);
  });

  it('init writes nothing beside a package.json that cannot be read', async () => {
    const dir = await emptyFolder();
    await mkdir(join(dir, 'package.json'));

    await expect(writeProject(dir, templateDir('en'), answers)).rejects.toThrow(/EISDIR/);

    expect(await readdir(dir)).toEqual(['package.json']);
  });

  it('init writes nothing beside a package.json that is not UTF-8, which would lose its letters', async () => {
    const dir = await emptyFolder();
    const gbk = Buffer.concat([
      Buffer.from('{"description": "'),
      Buffer.from([0xb0, 0xe6]),
      Buffer.from('"}'),
    ]);
    await writeFile(join(dir, 'package.json'), gbk);

    await expect(writeProject(dir, templateDir('en'), answers)).rejects.toThrow(
      /package\.json:1:18 is not UTF-8/,
    );

    expect(await readFile(join(dir, 'package.json'))).toEqual(gbk);
  });

  it('init completes a package.json that begins with a byte order mark', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'package.json'), '\ufeff{"name": "shop"}');

    await writeProject(dir, templateDir('en'), answers);

    expect(JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'))).toMatchObject({ name: 'shop' });
  });

  it.each([
    ['{\n"name" "shop"}', /package\.json:2:8: expected JSON/],
    ['[]', /package\.json is no JSON object/],
  ])('init writes nothing beside a package.json that is broken: %j', async (text, message) => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'package.json'), text);

    const attempt = writeProject(dir, templateDir('en'), answers);

    await expect(attempt).rejects.toThrow(message);
    expect(await readdir(dir)).toEqual(['package.json']);
  });
});

describe('a folder of a shop', () => {
  it('a script of the shop is kept, and init says what to call in place of ours', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'package.json'), '{"scripts": {"start": "next start", "deploy": "vercel"}}');

    await writeProject(dir, templateDir('en'), answers);
    const text = nextSteps(dir, 'en', await findOtherScripts(dir, templateDir('en')));

    expect(text).toContain('npm install && npx oss-saveas local');
    expect(text).toContain('npm run check && npx s deploy');
  });

  it('a template named s.yml is not put aside by another one', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 's.yml'), 'edition: 3.0.0');

    await expect(writeProject(dir, templateDir('en'), answers)).rejects.toThrow(/s\.yml exists.*rename it/);

    expect(await readdir(dir)).toEqual(['s.yml']);
  });

  it('a .gitignore that is kept is told what it lacks', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, '.gitignore'), '/node_modules\r\ndist\r\n.s/\n*.log\n');

    const lines = await writeProject(dir, templateDir('en'), answers);

    expect(lines[2]).toBe(
      `kept  ${join(dir, '.gitignore')}, which was there; it lacks .local-oss*, .backfill, .env`,
    );
  });

  it('a package.json keeps its rights, its indentation and its line ends', async () => {
    const dir = await emptyFolder();
    const file = join(dir, 'package.json');
    await writeFile(file, '{\r\n\t"name": "shop"\r\n}\r\n', { mode: 0o600 });
    await writeFile(`${file}.tmp`, 'somebody else’s');

    await writeProject(dir, templateDir('en'), answers);

    const text = await readFile(file, 'utf8');
    expect(text.startsWith('{\r\n\t"name": "shop",\r\n\t"scripts": {\r\n\t\t"start"')).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${file}.tmp`, 'utf8')).toBe('somebody else’s');
  });
});

describe('init', () => {
  it.each(['en', 'zh'])(
    'init prints commands that can be pasted, and pages that are there, in %s',
    async (lang) => {
      const text = nextSteps('my-project', lang, {});

      const { scripts } = JSON.parse(await readFile(join(templateDir(lang), 'package.json'), 'utf8'));
      const pages = [...text.matchAll(/node_modules\/oss-saveas\/(\S+)/g)].map(([, page = '']) => page);
      const runs = [...text.matchAll(/npm (?:run )?(?!install)([\w-]+)/g)].map(([, name]) => name);
      expect(runs).toEqual(['start', 'check', 'deploy']);
      expect(Object.keys(scripts)).toEqual(expect.arrayContaining(runs));
      expect(pages).toHaveLength(1);
      expect(pages.filter((page) => !existsSync(page))).toEqual([]);
      expect(text).not.toContain('npx oss-saveas');
    },
  );

  it.each([
    [{}, /^--region: there is nobody to ask/],
    [{ yes: true, region: 'Hangzhou' }, /^region "Hangzhou": expected a plain region id/],
    [{ yes: true, bucket: 'My_Photos' }, /^bucket "My_Photos": expected 3 to 63/],
    [{ yes: true, lang: 'fr' }, /^--lang: expected en or zh/],
  ])('init refuses %j with one clear sentence', async (values, message) => {
    const { io } = createIo();

    await expect(init.run(values, io, ['nowhere'])).rejects.toThrow(message);
  });
});
