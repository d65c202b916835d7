import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadRules } from '../../src/cli/project.ts';
import { makeDir, useLocalFunctionCompute } from './fc/fixture.ts';
import { send, signV4 } from './oss/v4-client.ts';
import { makeProject, put, ruleNames, rulesNamed, silent, start } from './running-stack.ts';

useLocalFunctionCompute();

describe('rules that are edited while the stack runs', () => {
  it('rules that are edited while the stack runs are taken by the function, their new bucket with them', async () => {
    const stack = await start();
    expect(await ruleNames(stack)).toEqual(['first']);

    writeFileSync(stack.rulesFile, rulesNamed('second', 'others'));

    await vi.waitFor(async () => expect(await ruleNames(stack)).toEqual(['second']), { timeout: 5_000 });
    expect(stack.oss.store.bucketNames()).toEqual(['others', 'photos']);
    expect(stack.events).toContainEqual({
      type: 'rules',
      update: {
        status: 'loaded',
        ruleSet: expect.objectContaining({ rules: [expect.objectContaining({ name: 'second' })] }),
      },
    });
  });

  it('rules that are edited while the stack runs are refused when they are wrong, and the earlier ones stay', async () => {
    const errors: string[] = [];
    const stack = await start({ log: { ...silent, error: (message) => errors.push(message) } });
    writeFileSync(stack.rulesFile, 'rules: [{}]');

    const update = await stack.reload();

    expect(update).toMatchObject({ status: 'refused', message: expect.stringContaining('name') });
    expect(await ruleNames(stack)).toEqual(['first']);
    expect(errors).toEqual(['rules refused, the earlier ones stay']);
  });
});

describe('a folder of the function that cannot be made', () => {
  it('the function keeps the folder that it runs in where twice no other can be made for new rules', async () => {
    const stack = await start();
    const [codeDir] = readdirSync(join(stack.dataDir, 'function'));
    rmSync(stack.bundleDir, { recursive: true });

    expect(await stack.reload()).toMatchObject({ status: 'refused' });
    expect(await stack.reload()).toMatchObject({ status: 'refused' });

    expect(readdirSync(join(stack.dataDir, 'function'))).toContain(codeDir);
  });
});

describe('a stack that is closed while it takes new rules', () => {
  it('a stack that is closed while it takes new rules leaves no code behind', async () => {
    const project = makeProject();
    const folder = makeDir();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const stack = await start({}, project);

    const update = stack.reload();
    await stack.close();

    expect(await update).toMatchObject({ status: 'loaded' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a rules file that is gone again as soon as it was read', () => {
  it('a rules file that is gone as soon as it was read ends neither the stack nor its page', async () => {
    const project = makeProject();
    const readRules = async () => {
      const { ruleSet } = await loadRules(project.rulesFile);
      rmSync(project.rulesFile);
      return ruleSet;
    };
    const stack = await start({ readRules, pageDir: makeDir() }, project);
    writeFileSync(project.rulesFile, rulesNamed('second'));

    expect(await stack.reload()).toMatchObject({ status: 'loaded' });
    expect(await ruleNames(stack)).toEqual(['second']);
    expect(await stack.reload()).toMatchObject({ status: 'refused' });
  });
});

describe('the function of a stack whose rules delete outputs with their source', () => {
  it('the function of a stack is called for deletions too, from the moment that the rules say so', async () => {
    const project = makeProject();
    const stack = await start({}, project);
    const port = Number(new URL(stack.url).port);
    const remove = async () => {
      await put(stack, 'uploads/a.jpg');
      await send(port, signV4({ method: 'DELETE', bucket: 'photos', key: 'uploads/a.jpg' }));
      await stack.functionCompute.idle();
      return stack.events.filter(({ type }) => type === 'delivery').length;
    };
    expect(await remove()).toBe(1);

    writeFileSync(
      project.rulesFile,
      rulesNamed('second').replace('    outputs:', '    onRemove: delete\n    outputs:'),
    );
    await stack.reload();

    expect(await remove()).toBe(3);
  });
});
