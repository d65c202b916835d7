import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { loadRules } from '../../src/cli/project.ts';
import type { InvocationOutcome } from '../../src/local/fc/queue.ts';
import { type LocalStackOptions, startLocalStack } from '../../src/local/stack.ts';
import { fetchNode, platformVersion } from '../node-binary.ts';

const run = promisify(execFile);

/** The project built by its own command, in a folder of its own, so that tests neither need nor touch `dist`. */
export async function buildProject(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'oss-saveas-'));
  const linked = ['package.json', 'tsconfig.json', 'rules.yaml', 's.yaml', 'src', 'node_modules'];
  await Promise.all(linked.map((name) => symlink(resolve(name), join(dir, name))));
  await cp('bin', join(dir, 'bin'), { recursive: true }); // It compiles the project that it really lies in.
  await run('npm', ['run', '--silent', 'build'], { cwd: dir });
  // The code cache is made as that of the package is.
  await run(await fetchNode(platformVersion), [join(dir, 'bin/code-cache.js'), join(dir, 'dist')]);
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/**
 * A local OSS with the built function on `rulesFile`, which runs on the platform's own Node.js; `outcomes` fills up as
 * events are handled.
 */
export async function startStack(
  projectDir: string,
  rulesFile: string,
  options: Partial<Pick<LocalStackOptions, 'port' | 'startInstance' | 'simulateTasks'>> = {},
) {
  const dataDir = await mkdtemp(join(tmpdir(), 'oss-saveas-data-'));
  const outcomes: InvocationOutcome[] = [];
  const stack = await startLocalStack({
    dataDir,
    rulesFile,
    readRules: async () => (await loadRules(rulesFile)).ruleSet,
    port: 0,
    bundleDir: join(projectDir, 'dist'),
    pageDir: join(projectDir, 'build/page'),
    instanceProgram: join(projectDir, 'build/fc-instance.js'),
    nodeBinary: await fetchNode(platformVersion),
    ...options,
    accessKey: { id: 'local', secret: 'local-secret' },
    region: 'cn-hangzhou',
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    retryDelaysMs: [10, 10, 10],
  });
  stack.subscribe((event) => {
    if (event.type === 'outcome') {
      outcomes.push(event.outcome);
    }
  });
  const close = async () => {
    await stack.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...stack, outcomes, close };
}

/** The results in a handled event's report, or none where the invocation failed. */
export function resultsOf({
  result,
}: InvocationOutcome): { status: string; reason?: string; rule?: string }[] {
  return result.status === 'succeeded' ? JSON.parse(String(result.body)).results : [];
}
