import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CompiledRules } from '../compile/compile.ts';
import type { InvocationOutcome } from '../local/fc/queue.ts';
import type { measurePicture, SamplePicture } from '../local/pictures.ts';
import type { LocalStack } from '../local/stack.ts';
import { getObject, putObject } from '../objects/transfer.ts';
import type { Call } from '../oss/call.ts';
import { plan } from '../pipeline/plan.ts';
import type { Report } from '../pipeline/report.ts';
import type { PlannedSave, Result } from '../pipeline/result.ts';
import type { OssObject } from '../process.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { CliError, defineCommand, type Io, unlessStopped } from './command.ts';
import { withConnection } from './connection.ts';
import { loadForLocal, startStack } from './local.ts';
import { emptyFolder } from './own-folder.ts';
import { rulesOption } from './project.ts';
import { placeFor } from './samples.ts';
import { createProgress, formatTable, underTitles } from './terminal.ts';

export const demo = defineCommand({
  options: {
    data: {
      value: 'folder',
      default: '.local-oss-demo',
      summary: 'a folder of its own, emptied first; the derivatives stay there',
    },
    rules: rulesOption,
  },
  // Stopping also removes the stack's unpacked code and its lock.
  handlesStop: true,
  run: async ({ data: dataDir, rules: rulesFile }, io) => {
    const rules = await loadForLocal(rulesFile, io);
    emptyFolder(dataDir);
    const stack = await startStack({
      dataDir,
      rulesFile,
      readRules: async () => rules.ruleSet,
      port: 0,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      retryDelaysMs: [100, 200, 400],
    });
    try {
      return await unlessStopped(runLoop(stack, rules, dataDir, io), io.stop);
    } finally {
      await stack.close();
    }
  },
});

/** Uploads the pictures, shows the outputs and resolves to the exit code. */
async function runLoop(
  stack: LocalStack,
  { source, ruleSet }: CompiledRules & { ok: true },
  dataDir: string,
  io: Io,
): Promise<number> {
  const outcomes: InvocationOutcome[] = [];
  const progress = createProgress(io);
  stack.subscribe((event) => {
    if (event.type === 'outcome') {
      outcomes.push(event.outcome);
      progress(`${outcomes.length} events handled`);
    }
  });
  progress('drawing pictures');
  const { samplePictures } = await import('../local/pictures.ts');
  const uploads = (await samplePictures()).flatMap((picture): SampleUpload[] => {
    const place = placeFor(source, picture.name, stack.buckets[0] ?? '');
    return place === undefined ? [] : [{ ...picture, ...place }];
  });
  const planned = uploads.flatMap((upload) => planFor(upload, ruleSet).map((task) => ({ upload, task })));
  const outputs = await withConnection({ local: true, endpoint: stack.url }, io, async ({ call }) => {
    for (const { bucket, key, body, contentType } of uploads) {
      progress(`uploading ${key}`);
      await putObject(call, { bucket, key, body, headers: { 'content-type': contentType } });
    }
    await stack.functionCompute.idle();
    progress('');
    const outcomeOf = (key: string) =>
      outcomes.find(({ event }) => JSON.stringify(event).includes(JSON.stringify(key)));
    return Promise.all(
      planned.map(({ upload, task }) => compareOutput(upload, task, outcomeOf(upload.key), call, dataDir)),
    );
  });
  if (outputs.length === 0) {
    throw new CliError('the rules make nothing of JPEG, PNG, WebP and GIF, which the demo draws.');
  }
  const wrong = outputs.filter(({ isExpected }) => !isExpected).length;
  const letters = outcomes.filter(({ deadLetter }) => deadLetter !== undefined).length;
  const verdict =
    wrong === 0
      ? `All ${outputs.length} outcomes are as expected`
      : `${wrong} of ${outputs.length} outcomes are NOT as expected`;
  io.out(`${formatOutputs(outputs, io)}
${verdict}; ${outcomes.length} events handled, ${letters} in ${join(dataDir, 'dead-letters')}.
The derivatives are in ${join(dataDir, 'pictures')}.
`);
  return wrong === 0 ? 0 : 1;
}

type SampleUpload = SamplePicture & OssObject;

/** Plans an upload with the handler's own planner: the demo expects exactly these outputs. */
function planFor({ bucket, key, body, contentType }: SampleUpload, rules: RuleSet): PlannedSave[] {
  const object = { bucket, key, sizeBytes: body.length, contentType };
  const event = { ...object, eventName: 'Manual', eventTime: new Date().toISOString() };
  const items = plan({ kind: 'object', event }, rules);
  return items.filter((item) => item.status === 'planned' && item.action !== 'remove');
}

async function compareOutput(
  upload: SampleUpload,
  task: PlannedSave,
  outcome: InvocationOutcome | undefined,
  call: Call,
  dataDir: string,
) {
  const { measurePicture } = await import('../local/pictures.ts');
  const source = await measurePicture(upload.body);
  const saved = await getObject(call, task.target).catch(() => undefined);
  const target = saved && (await measurePicture(saved.body));
  if (saved !== undefined) {
    const folder = join(dataDir, 'pictures');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, fileNameOf(task.target)), saved.body);
  }
  const letter = outcome?.deadLetter === undefined ? '' : `, dead letter after ${outcome.attempts} attempts`;
  const result = resultOf(task, outcome);
  const absence = saved === undefined ? whyAbsent(task, result) : undefined;
  const isMade = absence !== undefined || target !== undefined;
  const isExpected = source === undefined ? !isMade && letter !== '' : isMade;
  return {
    isExpected,
    title: `${task.source.key}, ${formatSize(source)}${letter}`,
    row: [
      `  ${task.rule}`,
      task.target.key,
      target === undefined ? (absence ?? 'failed') : formatSize(target),
      saved === undefined ? '' : saved.body.length.toLocaleString('en'),
      result?.status === 'saved' ? `${result.durationMs} ms` : '',
      ...(isExpected ? [] : ['NOT as expected']),
    ],
  };
}

/** A key may lead out of the folder, or contain characters that file names cannot have. */
function fileNameOf({ bucket, key }: OssObject): string {
  return `${bucket}-${key}`.replaceAll(/[^\p{L}\p{N}._]+/gu, '-').slice(-80);
}

function formatSize(size: Awaited<ReturnType<typeof measurePicture>>): string {
  return size === undefined ? 'no image' : `${size.width}×${size.height}`;
}

/** The function's own result for an output. */
function resultOf({ target }: PlannedSave, outcome: InvocationOutcome | undefined): Result | undefined {
  if (outcome?.result.status !== 'succeeded') {
    return undefined;
  }
  const { results }: Report = JSON.parse(String(outcome.result.body));
  return results.find((result) => result.target?.key === target.key);
}

/** By its rule, an output may have been deleted again, or be archived and thus unreadable. */
function whyAbsent({ afterSteps = {} }: PlannedSave, result: Result | undefined): string | undefined {
  const isArchived = result?.status === 'saved' && /Archive$/.test(afterSteps.storageClass ?? '');
  const absence = isArchived ? 'archived' : undefined;
  return result?.status === 'skipped' ? result.reason : absence;
}

/** The outputs of each picture below its name; red if not as expected. */
function formatOutputs(outputs: readonly Awaited<ReturnType<typeof compareOutput>>[], io: Io): string {
  const headings = ['', 'target', 'pixels', 'bytes', 'time'];
  return formatTable([headings, ...underTitles(outputs)], (lines, { length }) =>
    length > 5 ? io.paint('red', lines) : lines,
  );
}
