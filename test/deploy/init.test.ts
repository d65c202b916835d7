import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { writeProject } from '../../src/cli/init-files.ts';
import { execute } from './checkout.ts';

it.each(['en', 'zh'])(
  'the template for Serverless Devs gives the same project as init, in %s',
  async (lang) => {
    const root = await mkdtemp(join(tmpdir(), 'oss-saveas-template-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const home = join(root, 'home');
    await mkdir(home);
    // A copy, since `s init` takes the folder that it is given away.
    await cp(join('src/deploy/project', lang), join(root, 'template'), { recursive: true });
    const answers = { region: 'cn-shanghai', bucket: 'my-pictures' };
    const place = ['--uri', join(root, 'template'), '-d', 'by-s', '-y'];

    const { exitCode, output } = await execute(
      resolve('node_modules/.bin/s'),
      ['init', 'oss-saveas', ...place, '--parameters', JSON.stringify(answers)],
      {
        cwd: root,
        env: {
          ...{ PATH: process.env.PATH, HOME: home, serverless_devs_config_home: home },
          ...{ serverless_devs_daemon_enable: 'false', NODE_ENV: 'test', CI: 'true' },
        },
      },
    );

    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    await writeProject(join(root, 'by-init'), join('src/deploy/project', lang, 'src'), answers);
    expect(await filesOf(join(root, 'by-s'))).toEqual(await filesOf(join(root, 'by-init')));
  },
);

it.each(['eventbridge', 's.custom', 's.backfill'])(
  'the variant %s stands in a project of its own once two texts are changed, as the chapter says',
  async (name) => {
    const text = await readFile(`src/deploy/${name}.yaml`, 'utf8');

    const changed = text.replaceAll('../../', './').replaceAll('npm run build', 'npx oss-saveas build');

    expect(JSON.stringify(parse(changed))).not.toMatch(/\.\.|npm run/);
    expect(changed).toMatch(/- run: npx oss-saveas build\n +path: \.\/\n/);
  },
);

it('the template for Serverless Devs is of the version of this package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));

  for (const lang of ['en', 'zh']) {
    expect(await readFile(join('src/deploy/project', lang, 'publish.yaml'), 'utf8')).toContain(
      `\nVersion: ${version}\n`,
    );
  }
});

async function filesOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).sort();
  const entries = names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(entries));
}
