import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { creationEvents } from '../../src/check/triggers.ts';
import { withConnection } from '../../src/cli/connection.ts';
import { checkBuckets, checkEndpoint, checkVersioning } from '../../src/cli/doctor-oss.ts';
import type { Finding } from '../../src/cli/finding.ts';
import { processImage } from '../../src/local/image/process-image.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { createIo, localEnvironment, runCommand } from './terminal.ts';

const trigger = {
  triggerName: 'oss-upload',
  triggerType: 'oss',
  sourceArn: 'acs:oss:cn-hangzhou:1234567890123456:photos',
  triggerConfig: JSON.stringify({
    events: creationEvents,
    filter: { key: { prefix: 'uploads/', suffix: '' } },
  }),
};
const policy = (...targets: string[]) => ({
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['oss:GetObject', 'oss:PostProcessTask'],
      Resource: ['acs:oss:*:*:photos', 'acs:oss:*:*:photos/uploads/*'],
    },
    {
      Effect: 'Allow',
      Action: 'oss:Put*',
      Resource: targets.map((target) => `acs:oss:*:*:photos/${target}`),
    },
  ],
});
const account = { triggers: [trigger], policy: policy('derived/*', 'marked/*') };

/** An `aliyun` command that answers as the account given would. */
async function installAliyun(dir: string, { triggers, policy }: { triggers: object[]; policy: object }) {
  const version = { DefaultPolicyVersion: { PolicyDocument: JSON.stringify(policy) } };
  const answers = {
    'fc GET': { triggers },
    'ram ListPoliciesForRole': { Policies: { Policy: [{ PolicyName: 'oss-saveas', PolicyType: 'Custom' }] } },
    'ram GetPolicy': version,
  };
  const cases = Object.entries(answers)
    .map(([words, answer]) => `"${words}") cat <<'END'\n${JSON.stringify(answer)}\nEND\n;;`)
    .join('\n');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'aliyun'), `#!/bin/sh\ncase "$1 $2" in\n${cases}\nesac\n`);
  await chmod(join(dir, 'aliyun'), 0o755);
}

async function prepare(
  owner: Parameters<typeof installAliyun>[1] | 'unknown' = account,
  options: Parameters<typeof startOss>[0] = {},
) {
  const oss = await startOss(options);
  const home = await temporaryDir();
  if (owner !== 'unknown') {
    await installAliyun(join(home, 'bin'), owner);
  }
  const env = {
    ...localEnvironment(oss.port),
    OSS_BUCKET: 'photos',
    AccountID: '1234567890123456',
    AccessKeyID: 'scratch-key-id',
    AccessKeySecret: 'scratch-key-secret',
    HOME: home,
    serverless_devs_config_home: home,
    serverless_devs_daemon_enable: 'false',
    // No aliyun CLI but ours.
    PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  const examine = async (args: readonly string[] = [], overrides: Record<string, string> = {}) => {
    const { exitCode, out, err } = await runCommand(['doctor', '--json', ...args], { ...env, ...overrides });
    if (out === '') {
      throw new Error(err);
    }
    const findings: Finding[] = JSON.parse(out);
    return { exitCode, findings, of: (check: string) => findings.find((finding) => finding.check === check) };
  };
  return { oss, env, home, examine };
}

const picture = () =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: 'navy' } })
    .jpeg()
    .toBuffer();

describe('the doctor', () => {
  it('finds a sound deployment sound, and leaves nothing behind', async () => {
    const { oss, examine } = await prepare(account, { processImage });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.jpg', body: await picture() });

    const { exitCode, findings } = await examine(['--wet', 'oss://photos/uploads/a.jpg']);

    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'rules',
      'credentials',
      'endpoint',
      'clock',
      'bucket photos',
      ...['thumbnail', 'thumbnail', 'copyright'].flatMap((rule) => [`style of ${rule}`, `save of ${rule}`]),
      'triggers cover rules',
      'trigger oss-upload',
      'role',
    ]);
    expect(exitCode).toBe(0);
    const list = await oss.call({ method: 'GET', bucket: 'photos', query: { 'list-type': '2' } });
    expect([...list.text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key)).toEqual(['uploads/a.jpg']);
  });

  it('saves nothing where a rule would take what it saves', async () => {
    const { oss, home, examine } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.jpg', body: 'a' });
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: "**", exclude: "small/**" }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--wet', '--rules', rules, 'oss://photos/a.jpg']);

    expect(of('save of all')?.state).toBe('cannot tell');
    expect(oss.events).toHaveLength(1);
  });

  it('starts no task to try a style', async () => {
    const { oss, home, examine } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'a.mov', body: 'a' });
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: film\n    match: { key: "*.mov" }\n    outputs:\n      - style: video/convert,f_mp4\n        target: { key: "mp4/{base}" }\n',
    );

    const { of } = await examine(['--wet', '--rules', rules, 'oss://photos/a.mov']);

    expect(of('style of film')).toMatchObject({
      state: 'cannot tell',
      found: expect.stringContaining('task'),
    });
    expect(of('save of film')).toBeUndefined();
  });

  it('says of the account what it cannot tell, and how to find out', async () => {
    const { env } = await prepare('unknown');

    const { exitCode, out } = await runCommand(['doctor'], env);

    expect(exitCode).toBe(0);
    expect(out).toMatch(/^role +cannot tell +aliyun ram ListPoliciesForRole/m);
    expect(out).toMatch(/^trigger oss-upload +cannot tell +aliyun fc GET: not installed/m);
    expect(out).toMatch(/^style +cannot tell +no object/m);
    expect(out).toContain('- role: install the aliyun CLI');
  });

  it('names what the role may not do', async () => {
    const { examine } = await prepare({ ...account, policy: policy('derived/*') });

    const { exitCode, of } = await examine();

    expect(of('role')).toMatchObject({
      state: 'wrong',
      found: expect.stringMatching(
        /^oss-saveas lacks oss:PutObject on oss:\/\/photos\/marked\/uploads\/\S+$/,
      ),
    });
    expect(exitCode).toBe(1);
  });

  it('the doctor does not judge what it cannot read', async () => {
    const { examine } = await prepare({ ...account, policy: { Statement: [] } });

    const { of } = await examine();

    expect(of('role')).toMatchObject({ state: 'cannot tell', found: 'oss-saveas cannot be read' });
  });

  it('heeds what the role is denied', async () => {
    const { Version, Statement } = policy('*');
    const denied = { Effect: 'Deny', Action: 'oss:GetObject', Resource: '*' };
    const { examine } = await prepare({ ...account, policy: { Version, Statement: [...Statement, denied] } });

    const { of } = await examine();

    expect(of('role')?.found).toContain('oss:GetObject');
  });

  it.each([
    ['is missing', []],
    [
      'has another prefix',
      [{ ...trigger, triggerConfig: trigger.triggerConfig.replace('uploads/', 'incoming/') }],
    ],
    ['belongs to another bucket', [{ ...trigger, sourceArn: trigger.sourceArn.replace('photos', 'films') }]],
  ])('the doctor sees that the deployed trigger %s', async (_, triggers) => {
    const { examine } = await prepare({ ...account, triggers });

    const { of } = await examine();

    expect(of('trigger oss-upload')).toMatchObject({ state: 'wrong', advice: 'npx s deploy' });
  });

  it('shows a key that a rule takes and the trigger does not deliver', async () => {
    const { examine, home } = await prepare();
    const rules = join(home, 'rules.yaml');
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: "**/*.jpg", exclude: "small/**" }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--rules', rules]);

    expect(of('triggers cover rules')).toMatchObject({
      state: 'wrong',
      found: expect.stringMatching(/what `all` takes, such as `\S*\.jpg`/),
    });
  });

  it('counts all triggers of the template, and asks after each', async () => {
    const { examine, home } = await prepare({ ...account, triggers: [trigger] });
    const template = parse(await readFile('s.yaml', 'utf8'));
    const { triggers } = template.resources['oss-saveas'].props;
    triggers.push({
      ...triggers[0],
      triggerName: 'second',
      triggerConfig: { ...triggers[0].triggerConfig, filter: { key: { prefix: 'incoming/', suffix: '' } } },
    });
    const [file, rules] = [join(home, 's.yaml'), join(home, 'rules.yaml')];
    await writeFile(file, stringify(template, { aliasDuplicateObjects: false }));
    await writeFile(
      rules,
      'rules:\n  - name: all\n    match: { key: ["uploads/*", "incoming/*"] }\n    outputs:\n      - style: image/resize,w_1\n        target: { key: "small/{base}" }\n',
    );

    const { of } = await examine(['--rules', rules, '--template', file]);

    expect(of('triggers cover rules')?.state).toBe('ok');
    expect(of('trigger oss-upload')?.state).toBe('ok');
    expect(of('trigger second')).toMatchObject({ state: 'wrong', advice: 'npx s deploy' });
  });

  it('the doctor sees a bucket that is not there', async () => {
    const { examine } = await prepare();

    const { exitCode, of } = await examine([], { OSS_BUCKET: 'no-such-bucket' });

    expect(of('bucket no-such-bucket')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('NoSuchBucket'),
    });
    expect(exitCode).toBe(1);
  });

  it('the doctor sees a bucket in another region', async () => {
    const { examine } = await prepare(account, { region: 'cn-shanghai' });

    const { of } = await examine([], { OSS_REGION: 'cn-hangzhou' });

    expect(of('bucket photos')?.state).toBe('wrong');
  });

  it('the doctor sees a key that OSS does not know', async () => {
    const { examine } = await prepare();

    const { of } = await examine([], { OSS_ACCESS_KEY_ID: 'unknown' });

    expect(of('bucket photos')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('InvalidAccessKeyId'),
    });
  });

  it('the doctor sees an endpoint that does not answer', async () => {
    const { examine } = await prepare();

    const { of } = await examine([], { OSS_ENDPOINT: 'http://127.0.0.1:1' });

    expect(of('endpoint')).toMatchObject({ state: 'wrong', found: expect.stringContaining('ECONNREFUSED') });
  });

  it('warns of the variable by which s deploy hangs', async () => {
    const { examine } = await prepare();

    const { exitCode, of } = await examine([], { FC_REGION: 'cn-hangzhou' });

    expect(of('environment')).toMatchObject({ state: 'wrong', advice: 'unset FC_REGION' });
    expect(exitCode).toBe(1);
  });

  it('the doctor sees a clock that OSS would refuse', async () => {
    const { env } = await prepare();
    const { io } = createIo(env);
    const ahead = (minutes: number) => () => Date.now() + minutes * 60_000;

    const [, , slightly] = await withConnection({}, io, (connection) => checkEndpoint(connection, ahead(14)));
    const [, , far] = await withConnection({}, io, (connection) => checkEndpoint(connection, ahead(16)));

    expect(slightly?.state).toBe('ok');
    expect(far).toMatchObject({ check: 'clock', state: 'wrong' });
  });

  it('the doctor sees that a style does not work on the object', async () => {
    const { oss, examine } = await prepare(account, { processImage });
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.png', body: 'no picture' });

    const { exitCode, of } = await examine(['oss://photos/uploads/a.png']);

    expect(of('style of thumbnail')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('GetObject oss://photos/uploads/a.png failed: 400'),
    });
    expect(exitCode).toBe(1);
  });

  it('the doctor asks for the values of the template by name', async () => {
    const { env } = await prepare();
    const { AccountID: _, OSS_BUCKET: __, ...rest } = env;

    const { out } = await runCommand(['doctor', '--json'], rest);

    const findings: Finding[] = JSON.parse(out);
    expect(findings.find(({ check }) => check === 'template')?.found).toContain('OSS_BUCKET');
  });
});

/** An OSS that answers every bucket's GetBucketLocation so. */
async function startLocation(statusCode: number, body: string): Promise<Record<string, string>> {
  const server = createServer((_, response) =>
    response.writeHead(statusCode, { 'x-oss-request-id': 'R', 'content-type': 'application/xml' }).end(body),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return localEnvironment(typeof address === 'object' && address !== null ? address.port : 0);
}

const denied = (message: string) => `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;

describe("a bucket's region", () => {
  it.each([
    ['ok', 'in cn-hangzhou', 200, '<LocationConstraint>oss-cn-hangzhou</LocationConstraint>'],
    ['wrong', 'in cn-shanghai, not in', 200, '<LocationConstraint>oss-cn-shanghai</LocationConstraint>'],
    [
      'wrong',
      'specified endpoint',
      403,
      denied('The bucket you are attempting to access must be addressed using the specified endpoint.'),
    ],
    [
      'cannot tell',
      'no right',
      403,
      denied('You have no right to access this object because of bucket acl.'),
    ],
  ])('the region of a bucket is %s where OSS says "%s"', async (state, found, statusCode, body) => {
    const env = await startLocation(statusCode, body);
    const { io } = createIo(env);

    const [finding] = await withConnection({}, io, (connection) => checkBuckets(connection, ['photos']));

    expect(finding).toMatchObject({ state, found: expect.stringContaining(found) });
  });
});

describe('a rule that deletes outputs with their source', () => {
  it.each([
    ['ok', 'raise events: the bucket has no versions', 200, '<VersioningConfiguration/>'],
    [
      'wrong',
      'versioning is Enabled: a deletion without a version id raises no event',
      200,
      '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    ],
    [
      'cannot tell',
      'no right',
      403,
      denied('You have no right to access this object because of bucket acl.'),
    ],
  ])(
    'a rule that deletes outputs with their source hears of deletions: %s, %s',
    async (state, found, statusCode, body) => {
      const { io } = createIo(await startLocation(statusCode, body));

      const [finding] = await withConnection({}, io, (connection) => checkVersioning(connection, ['photos']));

      expect(finding).toMatchObject({
        check: 'removals in photos',
        state,
        found: expect.stringContaining(found),
      });
    },
  );

  it('a rule that deletes outputs with their source makes the doctor ask for the versions of its buckets alone', async () => {
    const { home, examine } = await prepare();
    const rules = join(home, 'rules.yaml');
    const ruleOf = (name: string, more: string) =>
      `  - name: ${name}\n    match: { key: "${name}/*"${more} }\n    outputs: [{ style: "image/info", target: { key: "made/{key}" } }]\n`;
    await writeFile(
      rules,
      `rules:\n${ruleOf('a', ', bucket: films')}${ruleOf('b', '')}    onRemove: delete\n`,
    );

    const { findings } = await examine(['--rules', rules]);

    // The local OSS has no versions, and says that it does not know them.
    expect(findings.filter(({ check }) => check.startsWith('removals'))).toMatchObject([
      { check: 'removals in photos', state: 'cannot tell' },
    ]);
  });
});
