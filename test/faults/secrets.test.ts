import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { loaders } from '../../src/cli/commands.ts';
import { faultNames } from '../../src/local/oss/faults/kinds.ts';
import { runCommand } from '../cli/terminal.ts';
import { temporaryDir } from '../local/oss/running-oss.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { accessKey, buildFunction, startCloud } from './cloud.ts';
import { describeImage, startWorkbench } from './workbench.ts';

const rules = {
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [
        { style: 'image/resize,w_1', target: { key: 'derived/{name}' }, refresh: 'stale', checkSource: true },
      ],
    },
  ],
};

/** All that a logger, a debugger or a crash report could show. */
const reveal = (value: unknown) =>
  inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });

/** The text in one word, since a table breaks a long one, and whoever reads it joins its parts. */
const joined = (text: string) => text.replace(/\\n|[\s'"+]/g, '');

/** Each as it is, as it stands in a URL or a form, and as a header's Base64. */
function expectNoSecret(text: string, secrets: readonly string[]): void {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]);
  const whole = joined(text);
  expect(forms.filter((form) => whole.includes(joined(form)))).toEqual([]);
  expect(text).not.toMatch(/[Ss]ignature=|OSS4-HMAC-SHA256 Credential/);
}

it.each([...faultNames, 'a refused signature'] as const)(
  '%s reveals no secret in log, report and error',
  async (fault) => {
    const { credentials, lines, upload, setFaults, invoke } = await startWorkbench({
      rules,
      attemptTimeoutMs: 200,
    });
    const event = await upload('uploads/a', 'pixels');
    const { accessKeySecret, securityToken } = credentials;
    const isRefused = fault === 'a refused signature';
    const wrong = { ...credentials, accessKeySecret: `${accessKeySecret}-and-more` };
    const ends = [];

    for (const operation of ['HeadObject', 'ProcessObject']) {
      if (!isRefused && !(operation === 'HeadObject' && /WrongJson|OtherObject/.test(fault))) {
        await setFaults({ rules: [{ fault, operation }] });
      }
      ends.push(await invoke(event, isRefused ? wrong : credentials));
    }

    const text = [
      ...lines,
      reveal(ends),
      JSON.stringify(ends),
      ...ends.map(({ error }) => error?.stack),
    ].join('\n');
    if (isRefused) {
      expect(text).toContain('SignatureDoesNotMatch');
    }
    expect(text).toMatch(/"message":"(output|object) (saved|failed|skipped)"/);
    expectNoSecret(text, [accessKeySecret, securityToken]);
  },
);

it('neither queue, dead letters, outcomes nor logs of the local Function Compute hold a secret', async () => {
  const built = await buildFunction();
  const queued: string[] = [];
  const filesIn = (dir: string) => readdirSync(dir).map((file) => readFileSync(join(dir, file), 'utf8'));
  const cloud = await startCloud(built, {
    ruleSet: ruleSetOf(rules),
    maxInstances: 2,
    timeoutMs: 4_000,
    retryDelaysMs: [10, 10],
    environment: { LOG_LEVEL: 'debug' },
    faults: { rules: [{ fault: 'InternalError', operation: 'ProcessObject', key: 'uploads/[0-4]' }] },
    processImage: describeImage,
    onObjectEvent: (record, enqueue) => {
      enqueue({ events: [record] });
      queued.push(...filesIn(cloud.queueDir));
    },
  });
  try {
    for (let i = 0; i < 10; i += 1) {
      await cloud.client.putObject({ bucket: 'photos', key: `uploads/${i}`, body: 'pixels' });
    }
    await cloud.functionCompute.idle();

    const letters = filesIn(cloud.deadLetterDir);
    const text = [...queued, ...letters, ...cloud.lines, reveal(cloud.outcomes)].join('\n');
    expect(letters).toHaveLength(5);
    expect(text).toContain('function output');
    expectNoSecret(text, [accessKey.secret, ...cloud.issued]);
  } finally {
    await cloud.close();
    rmSync(built.dir, { recursive: true, force: true });
  }
}, 60_000);

it('no command prints a secret, whether it succeeds or fails', async () => {
  const { oss, credentials, setFaults, upload } = await startWorkbench({ rules });
  const dir = await temporaryDir();
  const rulesFile = join(dir, 'rules.yaml');
  writeFileSync(rulesFile, JSON.stringify(rules));
  await upload('uploads/a', 'pixels');
  const env = {
    OSS_REGION: 'cn-hangzhou',
    OSS_BUCKET: 'photos',
    OSS_ENDPOINT: oss.url,
    OSS_ACCESS_KEY_ID: credentials.accessKeyId,
    OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    OSS_SESSION_TOKEN: credentials.securityToken,
    LOG_LEVEL: 'debug',
  };
  const wrong = { ...env, OSS_ACCESS_KEY_SECRET: `${credentials.accessKeySecret}-and-more` };
  const style = ['--style', 'image/info', '--bucket', 'photos', '--key', 'uploads/a'];
  const commands = [
    ['run', '--rules', rulesFile, 'oss://photos/uploads/a'],
    ['run', '--rules', rulesFile, '--json', 'oss://photos/uploads/a', 'oss://photos/uploads/missing'],
    ['run', ...style, '--target-bucket', 'photos', '--target-image', 'b'],
    ['doctor', '--rules', rulesFile],
    ['doctor', '--rules', rulesFile, 'oss://photos/uploads/a'],
    ['check', '--rules', rulesFile],
    ['explain', '--rules', rulesFile, 'oss://photos/uploads/a'],
    ['generate', 'policy', '--rules', rulesFile],
    ['ls', 'oss://photos/'],
    ['invoke', '--endpoint', oss.url, 'oss://photos/uploads/a'],
    ['get', '--out', '-', 'oss://photos/uploads/a'],
    ['backfill', '--rules', rulesFile, '--bucket', 'photos'],
    ['orphans', '--rules', rulesFile, '--bucket', 'photos'],
  ];
  const named = Object.entries(loaders).map(async ([name, load]) =>
    'endpoint' in (await load()).options ? [name] : [],
  );
  const connected = (await Promise.all(named)).flat();
  const unproven = connected.filter((name) => commands.every(([command]) => command !== name));
  expect(unproven, 'commands that call OSS belong into this test').toEqual([]);
  const shown: string[] = [];

  const faulty = [
    {},
    { rules: [{ fault: 'AccessDenied' }] },
    { rules: [{ fault: 'InternalError', count: 4 }] },
  ];
  for (const plan of faulty) {
    await setFaults(plan);
    for (const as of [env, wrong]) {
      for (const command of commands) {
        shown.push(reveal(await runCommand(command, as).catch((error: unknown) => error)));
      }
    }
  }

  const text = shown.join('\n');
  expect(text).toContain('saved');
  expect(text).toContain('SignatureDoesNotMatch');
  expect(text).toContain('AccessDenied');
  expectNoSecret(text, [credentials.accessKeySecret, credentials.securityToken]);
}, 120_000);
