import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { compileRules } from '../check/old/compile.ts';
import { parseEvent } from '../events/parse.ts';
import type { InvocationOutcome } from '../local/fc/delivery.ts';
import type { measurePicture, SamplePicture } from '../local/pictures.ts';
import type { LocalStack } from '../local/stack.ts';
import { type Call, createCall } from '../oss/call.ts';
import { resolveEndpoint } from '../oss/endpoint.ts';
import { getObject, putObject } from '../oss/operations.ts';
import { createAgent } from '../oss/request.ts';
import { plan } from '../pipeline/plan.ts';
import type { Report } from '../pipeline/report.ts';
import type { PlannedResult } from '../pipeline/result.ts';
import { type Command, type Io, textOf } from './command.ts';
import { region } from './local.ts';
import { createProgress, formatTable, type Row } from './terminal.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'Runs the whole loop once, on sample pictures and a local OSS, and shows what came out.',
  options: {
    data: {
      value: 'folder',
      default: '.local-oss/demo',
      summary: 'emptied first; the derivatives stay there',
    },
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
  },
  run: async (values, io) => {
    const dataDir = textOf(values, 'data');
    const rulesFile = textOf(values, 'rules');
    const { ruleSet } = await compileRules(rulesFile);
    await rm(dataDir, { recursive: true, force: true });
    const outcomes: InvocationOutcome[] = [];
    const progress = createProgress(io);
    const { startLocalStack } = await import('../local/stack.ts');
    const stack = await startLocalStack({
      dataDir,
      rulesFile,
      port: 0,
      bundleDir: 'dist',
      instanceProgram: 'build/fc-instance.js',
      accessKey,
      region,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      retryDelaysMs: [100, 200, 400],
      listener: (event) => {
        if (event.type === 'outcome') {
          outcomes.push(event.outcome);
          progress(`${outcomes.length} events handled`);
        }
      },
    });
    try {
      progress('drawing pictures');
      const { samplePictures } = await import('../local/pictures.ts');
      const pictures = await samplePictures();
      const call = callTo(stack);
      const [bucket = ''] = stack.buckets;
      for (const { name, body, contentType } of pictures) {
        progress(`uploading ${name}`);
        await putObject(call, {
          bucket,
          key: `uploads/${name}`,
          body,
          headers: { 'content-type': contentType },
        });
      }
      await stack.functionCompute.idle();
      progress('');
      const planned = pictures.flatMap((picture) => planFor(picture, bucket, ruleSet));
      const rows = await Promise.all(planned.map((item) => checkOutput(item, { call, outcomes, dataDir })));
      io.out(formatOutputs(rows, io));
      const wrong = rows.filter(({ isExpected }) => !isExpected).length;
      io.out(summarize(rows.length, wrong, outcomes, dataDir));
      return wrong === 0 && rows.length > 0 ? 0 : 1;
    } finally {
      await stack.close();
    }
  },
};

const accessKey = { id: 'local', secret: 'local-secret' };

function callTo({ url }: LocalStack): Call {
  return createCall({
    region,
    endpoint: resolveEndpoint({ region, endpoint: url }),
    credentials: () => ({ accessKeyId: accessKey.id, accessKeySecret: accessKey.secret }),
    dispatcher: createAgent(),
  });
}

interface PlannedOutput {
  picture: SamplePicture;
  task: PlannedResult;
}

/** What the handler's own planner says of the upload: the demo expects all of it, and nothing else. */
function planFor(picture: SamplePicture, bucket: string, rules: Parameters<typeof plan>[1]): PlannedOutput[] {
  const { name, body, contentType } = picture;
  const event = { bucket, key: `uploads/${name}`, size: body.length, contentType };
  const { records } = parseEvent(Buffer.from(JSON.stringify(event)), new Date());
  const tasks = records.flatMap((record) => plan(record, rules));
  return tasks.flatMap((task) => (task.status === 'planned' ? [{ picture, task }] : []));
}

interface Found {
  call: Call;
  outcomes: readonly InvocationOutcome[];
  dataDir: string;
}

async function checkOutput({ picture, task }: PlannedOutput, { call, outcomes, dataDir }: Found) {
  const { measurePicture } = await import('../local/pictures.ts');
  const source = await measurePicture(picture.body);
  const saved = await getObject(call, task.target).catch(() => undefined);
  const target = saved && (await measurePicture(saved.body));
  if (saved !== undefined) {
    await keep(join(dataDir, 'pictures', task.target.key), saved.body);
  }
  const outcome = outcomes.find(({ event }) =>
    JSON.stringify(event).includes(JSON.stringify(task.source.key)),
  );
  const letter = outcome?.deadLetter === undefined ? '' : `, dead letter after ${outcome.attempts} attempts`;
  const isExpected =
    source === undefined ? saved === undefined && letter !== '' : fits(task.style, source, target);
  return {
    isExpected,
    title: `${task.source.key}, ${formatSize(source)}${letter}`,
    cells: [
      `  ${task.rule}`,
      task.target.key,
      target === undefined ? 'failed' : formatSize(target),
      saved === undefined ? '' : saved.body.length.toLocaleString('en'),
      timeOf(task, outcome),
      ...(isExpected ? [] : ['NOT as expected']),
    ],
  };
}

/** The outputs of a picture below its name; what is not as expected in red. */
function formatOutputs(outputs: readonly Awaited<ReturnType<typeof checkOutput>>[], io: Io): string {
  const rows = outputs.flatMap(({ title, cells }, i): Row[] =>
    outputs[i - 1]?.title === title ? [cells] : [title, cells],
  );
  const headings = ['', 'target', 'pixels', 'bytes', 'time'];
  return formatTable([headings, ...rows], (lines, { length }) =>
    length > 5 ? io.paint('red', lines) : lines,
  );
}

type Size = Awaited<ReturnType<typeof measurePicture>>;

const formatSize = (size: Size) => (size === undefined ? 'no image' : `${size.width}×${size.height}`);

/** For a plain resize to a width the size is known: proportional, never enlarged. Else that it is a picture is enough. */
function fits(style: string, source: NonNullable<Size>, target: Size): boolean {
  const width = /^[^|]*resize,(?:m_lfit,)?w_(\d+)(?=[/]|$)/.exec(style)?.[1];
  if (width === undefined || target === undefined) {
    return target !== undefined;
  }
  const factor = Math.min(1, Number(width) / source.width);
  return (
    target.width === Math.round(source.width * factor) && target.height === Math.round(source.height * factor)
  );
}

async function keep(file: string, body: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, body);
}

function timeOf({ target }: PlannedResult, outcome: InvocationOutcome | undefined): string {
  if (outcome?.result.status !== 'succeeded') {
    return '';
  }
  const { results }: Report = JSON.parse(String(outcome.result.body));
  const saved = results.find((result) => result.status === 'saved' && result.target.key === target.key);
  return saved?.status === 'saved' ? `${saved.durationMs} ms` : '';
}

function summarize(
  count: number,
  wrong: number,
  outcomes: readonly InvocationOutcome[],
  dataDir: string,
): string {
  const letters = outcomes.filter(({ deadLetter }) => deadLetter !== undefined).length;
  const verdict =
    wrong === 0
      ? `All ${count} outcomes are as expected`
      : `${wrong} of ${count} outcomes are NOT as expected`;
  return `\n${verdict}; ${outcomes.length} events handled, ${letters} in ${join(dataDir, 'dead-letters')}.\nThe derivatives are in ${join(dataDir, 'pictures')}.\n`;
}
