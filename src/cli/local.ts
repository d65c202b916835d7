import { readFile } from 'node:fs/promises';
import { type FaultPlan, parseFaultPlan } from '../local/oss/faults/plan.ts';
import type { LocalStack } from '../local/stack.ts';
import { CliError, type Command, textOf, type Values } from './command.ts';
import { createConsole } from './console.ts';

export const local: Command = {
  name: 'local',
  summary: 'Runs an OSS on this machine with the function attached to it.',
  options: {
    port: { value: 'number', default: '9000', summary: 'port on 127.0.0.1; 0 takes a free one' },
    data: {
      value: 'folder',
      default: '.local-oss',
      summary: 'where buckets, queue and dead letters are kept',
    },
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    faults: { value: 'file', summary: 'what the OSS shall do wrong, as JSON (src/local/BEHAVIOURS.md)' },
    inspect: { value: 'port', summary: 'lets a debugger attach to the function, on 127.0.0.1' },
    'access-key-id': { value: 'id', default: 'local', summary: 'AccessKey ID of the account' },
    'access-key-secret': { value: 'secret', default: 'local-secret', summary: 'its secret' },
  },
  heedsStop: true,
  run: async (values, io) => {
    const accessKey = { id: textOf(values, 'access-key-id'), secret: textOf(values, 'access-key-secret') };
    // Loaded here: it brings sharp, a development dependency that no other command needs.
    const { startLocalStack } = await import('../local/stack.ts');
    const stack = await startLocalStack({
      dataDir: textOf(values, 'data'),
      port: portOf(values),
      rulesFile: textOf(values, 'rules'),
      bundleDir: 'dist',
      instanceProgram: 'build/fc-instance.js',
      accessKey,
      region,
      log: createConsole(io),
      faults: typeof values.faults === 'string' ? await readFaults(values.faults) : undefined,
      inspect: typeof values.inspect === 'string' ? `127.0.0.1:${values.inspect}` : undefined,
    });
    io.out(describeStack(stack, accessKey, textOf(values, 'data')));
    if (!io.stop.aborted) {
      await new Promise((resolve) => io.stop.addEventListener('abort', resolve, { once: true }));
    }
    await stack.close();
    return 0;
  },
};

export const region = 'cn-hangzhou';

async function readFaults(file: string): Promise<FaultPlan> {
  try {
    const plan: FaultPlan = JSON.parse(await readFile(file, 'utf8'));
    parseFaultPlan(plan); // throws here what the server would throw without the option's name
    return plan;
  } catch (error) {
    throw new CliError(`--faults: ${error instanceof Error ? error.message : error}`);
  }
}

function portOf(values: Values): number {
  const port = Number(textOf(values, 'port'));
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) {
    return port;
  }
  throw new CliError(`--port: expected a number from 0 to 65535, received "${values.port}".`);
}

function describeStack(stack: LocalStack, key: { id: string; secret: string }, dataDir: string): string {
  const [bucket = ''] = stack.buckets;
  const client = `{ endpoint: '${stack.url}', region: 'oss-${region}', bucket: '${bucket}', accessKeyId: '${key.id}', accessKeySecret: '${key.secret}', authorizationV4: true }`;
  return `Local OSS with the function attached. Ctrl-C ends it.

  endpoint    ${stack.url} (path style)   region ${region}
  buckets     ${stack.buckets.join(', ')}
  access key  ${key.id} / ${key.secret}
  data        ${dataDir} (dead letters in ${stack.deadLetterDir})

Upload a picture with the official Node client, then list what became of it:

  node -e "new (require('ali-oss'))(${client}).put('uploads/a.jpg', 'a.jpg')"
  node -e "new (require('ali-oss'))(${client}).listV2({}).then(({ objects }) => console.table(objects, ['name', 'size']))"

`;
}
