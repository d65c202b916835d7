import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '../check/diagnostic.ts';
import type { CompiledRules, SourceRule } from '../compile/compile.ts';
import type { LocalStack, LocalStackOptions } from '../local/stack.ts';
import { formatObject } from '../pipeline/result.ts';
import { checkFiles, paintDiagnostics } from './check.ts';
import { CliError, defineCommand, type Io, stopped } from './command.ts';
import { localAccount } from './connection.ts';
import { createConsole } from './console.ts';
import { parseNumber } from './input.ts';
import { claimFolder } from './own-folder.ts';
import { builtDir } from './package-files.ts';
import { deployedBuckets, findTemplate, loadRules, rulesOption } from './project.ts';
import { placeFor } from './samples.ts';

export const local = defineCommand({
  options: {
    port: { value: 'number', default: '9000', summary: 'port on 127.0.0.1; 0 takes a free one' },
    data: {
      value: 'folder',
      default: '.local-oss',
      summary: 'where buckets, queue and dead letters are kept',
    },
    rules: rulesOption,
    'simulate-tasks': {
      summary: 'placeholders stand in for results of video, audio and document operations',
    },
    cors: { value: 'origin', summary: 'whose pages may use it, besides those of this machine' },
    inspect: { value: 'port', summary: 'lets a debugger attach to the function, on 127.0.0.1' },
  },
  handlesStop: true,
  run: async (values, io) => {
    const { data: dataDir, rules: rulesFile, inspect: inspectPort, cors } = values;
    const isPort = (port: number) => Number.isInteger(port) && port >= 0 && port <= 65_535;
    const parsePort = (name: string, text: string) =>
      parseNumber(name, text, 'a number from 0 to 65535', isPort);
    const port = parsePort('port', values.port);
    const { source } = await loadRules(rulesFile);
    // A bucket in the environment belongs to the account, not to the project.
    const deployed = await findTemplate(undefined, dirname(rulesFile), {});
    const buckets = deployedBuckets(deployed?.ours, {});
    claimFolder(dataDir);
    const stack = await startStack({
      dataDir,
      rulesFile,
      defaultBuckets: buckets.length === 0 ? undefined : buckets,
      readRules: async () => (await loadForLocal(rulesFile, io)).ruleSet,
      pageDir: join(builtDir(), 'page'),
      port,
      log: createConsole(io),
      simulateTasks: values['simulate-tasks'],
      corsOrigins: cors === undefined ? [] : [cors],
      inspect: inspectPort === undefined ? undefined : `127.0.0.1:${parsePort('inspect', inspectPort)}`,
    });
    io.out(await describeStack(stack, dataDir, source));
    await stopped(io.stop);
    await stack.close();
    return 0;
  },
});

/** Reads the rules of a local stack. It only needs the buckets of `s.yaml`, so faults there are warnings. */
export async function loadForLocal(rulesFile: string, io: Io): Promise<CompiledRules & { ok: true }> {
  const { compiled, diagnostics, ofDeployment } = await checkFiles(rulesFile, undefined, io.env);
  const isFatal = (one: Diagnostic) => one.severity === 'error' && !ofDeployment.includes(one);
  const shown = diagnostics
    .filter(({ severity }) => severity !== 'note')
    .map((one): Diagnostic => (isFatal(one) ? one : { ...one, severity: 'warning' }));
  io.err(paintDiagnostics(shown, io));
  if (!compiled.ok || diagnostics.some(isFatal)) {
    throw new Error('the check found errors.');
  }
  return compiled;
}

/** Starts a local stack with the function that comes with the tools. */
export async function startStack(
  options: Omit<LocalStackOptions, 'accessKey' | 'bundleDir' | 'instanceProgram' | 'region'>,
): Promise<LocalStack> {
  const { startLocalStack } = await loadStack();
  return startLocalStack({
    ...options,
    accessKey: localAccount,
    bundleDir: join(builtDir(), 'function'),
    instanceProgram: join(builtDir(), 'fc-instance.js'),
    region: localAccount.region,
  });
}

/** Loads the local OSS only when needed, because it brings sharp, which nothing else needs. */
async function loadStack() {
  try {
    return await import('../local/stack.ts');
  } catch (error) {
    if (error instanceof Error && /\bsharp\b/.test(error.message)) {
      const problem = 'The local OSS makes pictures with sharp, which is not installed or does not run here';
      throw new CliError(`${problem}; add it with \`npm install sharp\`. ${error.message.split('\n')[0]}`);
    }
    throw error;
  }
}

async function describeStack(stack: LocalStack, dataDir: string, source: readonly SourceRule[]) {
  const { samplePictures } = await import('../local/pictures.ts');
  const [bucket = ''] = stack.buckets;
  const sample =
    ['portrait.jpg', 'logo.png'].find((name) => placeFor(source, name, bucket)) ?? 'portrait.jpg';
  const file = join(dataDir, sample);
  for (const { body } of await samplePictures(sample)) {
    await writeFile(file, body);
  }
  const place = placeFor(source, sample, bucket) ?? { bucket, key: sample };
  const { id, secret, region } = localAccount;
  const account = `region: 'oss-${region}', accessKeyId: '${id}', accessKeySecret: '${secret}'`;
  const client = `{ endpoint: '${stack.url}', bucket: '${place.bucket}', ${account}, authorizationV4: true }`;
  return `Local OSS with the function attached. Ctrl-C ends it.

  page        ${stack.url} (in a browser)
  endpoint    ${stack.url} (path style)   region ${region}
  buckets     ${stack.buckets.join(', ')}
  access key  ${id} / ${secret}
  data        ${dataDir} (dead letters in ${stack.deadLetterDir})

Upload a picture with the official Node client (npm install ali-oss), then list what became of it:

  node -e "new (require('ali-oss'))(${client}).put('${place.key}', '${file.replaceAll('\\', '/')}')"
  npx oss-saveas ls --local --endpoint ${stack.url} oss://${place.bucket}/

Any object can be fetched: npx oss-saveas get --local --endpoint ${stack.url} ${formatObject(place)}
`;
}
