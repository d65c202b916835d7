/* The questions of the commands at a real terminal: `script` gives each process one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProject } from './built-project.ts';

let project: Awaited<ReturnType<typeof buildProject>>;
beforeAll(async () => {
  project = await buildProject();
});
afterAll(() => project.remove());

const ctrlC = '\u0003';
const ctrlD = '\u0004';

/** Runs a command at a terminal, and types each answer once its question has been asked. */
async function atTerminal(command: string, dialogue: readonly (readonly [string, string])[], lang = 'en_US') {
  const { TERM: _, NO_COLOR: __, ...env } = process.env;
  const child = spawn('script', ['-qec', `${process.execPath} build/cli.js ${command}`, '/dev/null'], {
    ...{ cwd: project.dir, env: { ...env, TERM: 'xterm', LC_ALL: `${lang}.UTF-8` } },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  for (const [question, answer] of dialogue) {
    await expect.poll(() => output).toContain(question);
    child.stdin.write(answer);
  }
  const [exitCode] = await once(child, 'close');
  return { exitCode, output };
}

describe.runIf(process.platform === 'linux')('at a terminal', () => {
  it.each([
    ['en_US', '# Deploys what', 'Next, in by-en_US, without an account:'],
    ['zh_CN', '# 部署由', '接下来，在 by-zh_CN 中，无需账号：'],
  ])(
    'init asks for region and bucket, and writes the project in the language of %s',
    async (lang, first, next) => {
      const dialogue = [
        ['region [cn-hangzhou]', 'cn-shanghai\r'],
        ['bucket [my-photos]', '\r'],
      ] as const;

      const { exitCode, output } = await atTerminal(`init by-${lang}`, dialogue, lang);

      expect([exitCode, output]).toEqual([0, expect.stringContaining(next)]);
      const template = await readFile(join(project.dir, `by-${lang}/s.yaml`), 'utf8');
      expect(template).toContain(first);
      expect(template).toContain('region: "cn-shanghai"');
      expect(template).toContain('bucket: "my-photos"');
    },
  );

  it.each([
    ['Ctrl-C', ctrlC],
    ['Ctrl-D', ctrlD],
  ])('init ends with 130 and writes nothing when the person presses %s', async (_, key) => {
    const { exitCode, output } = await atTerminal('init ended', [['region [cn-hangzhou]', key]]);

    expect([exitCode, output]).toEqual([130, expect.not.stringContaining('oss-saveas init:')]);
    expect(await readdir(project.dir)).not.toContain('ended');
  });

  it('init refuses an answer that no region has, in one sentence', async () => {
    const { exitCode, output } = await atTerminal('init refused', [['region [cn-hangzhou]', 'shanghai\r']]);

    expect([exitCode, output]).toEqual([
      2,
      expect.stringContaining('region "shanghai": expected a plain region id'),
    ]);
    expect(await readdir(project.dir)).not.toContain('refused');
  });
});
