/*
 * Every command of the README and of docs/, run as a reader types it: the local OSS is the one that `npm start` gives
 * them, `s` the real one with a component that writes down what it is handed, and `aliyun` a stand-in.
 */
import { existsSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  changes,
  commandsOf,
  commandsToRun,
  comparable,
  documents,
  elsewhere,
  exitCodes,
  shownLines,
  shownOutputs,
} from './documents.ts';
import { createReader, putWhatIsNamed, type Started } from './reader.ts';

let reader: Awaited<ReturnType<typeof createReader>>;
let stack: Started;
let url: string;
beforeAll(async () => {
  reader = await createReader();
  stack = reader.start('npm start -- --port 0 --data stack', reader.clone);
  url = await vi.waitFor(() => {
    const [, address = ''] = /endpoint +(http:\S+)[\s\S]*oss-saveas get/.exec(stack.output()) ?? [];
    expect(address, stack.output()).not.toBe('');
    return address;
  }, 90_000);
  await putWhatIsNamed(url, reader.clone);
});
afterAll(async () => {
  await stack?.end();
  await reader?.remove();
});

/** Tells commands of a project of the reader's own from those of a clone. */
const isOwn = (document: string, command: string) =>
  document === 'docs/upgrade.md' || /^npm run (check|deploy)$|init \.$/.test(command);

/** Runs a command of a document to its end, or until the local OSS that it starts is there. */
async function run(document: string, command: string): Promise<{ exitCode: number | null; output: string }> {
  const cwd = isOwn(document, command) ? reader.own : reader.clone;
  const isLocal = / --local\b| invoke /.test(command);
  const isViaFunction = / --via function\b/.test(command);
  const places = `${isLocal ? ` --endpoint ${url}` : ''}${isViaFunction ? ` --fc-endpoint ${url}` : ''}`;
  const typed = (changes[command] ?? command).replace('http://127.0.0.1:9000', url);
  const started = reader.start(`${typed}${places}`, cwd, {
    ...{ OSS_ENDPOINT: url, AccessKeyID: 'local', AccessKeySecret: 'local-secret' },
    ...{ OSS_TEST_REGION: 'cn-hangzhou', OSS_TEST_BUCKET: 'my-photos', OSS_TEST_ENDPOINT: url },
    ...{ OSS_TEST_ACCESS_KEY_ID: 'local', OSS_TEST_ACCESS_KEY_SECRET: 'local-secret' },
    // This page is for a clone that nobody told of an account.
    ...(document === 'docs/commands.md' && { OSS_BUCKET: '' }),
  });
  if (!/^npm start|oss-saveas local/.test(command)) {
    return { exitCode: await started.ended, output: started.output() };
  }
  const isThere = () => started.output().includes('oss-saveas get');
  await Promise.race([started.ended, vi.waitUntil(isThere, 60_000)]);
  if (isThere()) {
    await started.end();
  }
  return { exitCode: isThere() ? 0 : await started.ended, output: started.output() };
}

describe.each(commandsToRun())('$document', ({ document, commands }) => {
  afterAll(() => copyFile('rules.yaml', join(reader.clone, 'rules.yaml')));

  it.each(commands)('the command "%s" ends well', async (command) => {
    if (/ --out rules\.yaml$/.test(command)) {
      await rm(join(reader.clone, 'rules.yaml')); // It would not be overwritten.
    }
    const { exitCode, output } = await run(document, command);
    expect(exitCode, output).toBe(exitCodes[`${document}: ${command}`] ?? 0);
  });
});

it.each(shownOutputs)('$document shows what "$command" prints: $start', async (shown) => {
  const { document, start, command, rules } = shown;
  if (rules !== undefined) {
    await writeFile(join(reader.clone, 'rules.yaml'), rules);
    onTestFinished(() => copyFile('rules.yaml', join(reader.clone, 'rules.yaml')));
  }

  const { output } = await run(document, command);

  const lines = shownLines(document, start);
  const printed = comparable(output.split('\n'));
  // The documents leave lines out, and keep the order.
  let from = 0;
  const missing = lines.filter((line) => {
    const place = printed.indexOf(line, from);
    from = place === -1 ? from : place + 1;
    return place === -1;
  });
  expect(lines.length).toBeGreaterThan(2);
  expect({ missing, output }).toMatchObject({ missing: [] });
});

it('what is run elsewhere is run in files that exist, and stands in a document', () => {
  const named = documents.map(commandsOf).flatMap(({ blocks, named: inText }) => [...blocks, ...inText]);

  expect(Object.values(elsewhere).filter((file) => !existsSync(file))).toEqual([]);
  expect([...Object.keys(elsewhere), ...Object.keys(changes)].filter((one) => !named.includes(one))).toEqual(
    [],
  );
});
