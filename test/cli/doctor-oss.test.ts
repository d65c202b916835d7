import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withConnection } from '../../src/cli/connection.ts';
import { checkBuckets, checkEndpoint, checkVersioning } from '../../src/cli/doctor-oss.ts';
import { account, prepare } from './doctor-fixture.ts';
import { createIo, localEnvironment } from './terminal.ts';

describe('the doctor, looking at OSS', () => {
  it('the doctor sees a bucket that is not there', async () => {
    const { examine } = await prepare();

    const { exitCode, of } = await examine([], { OSS_BUCKET: 'no-such-bucket' });

    expect(of('bucket no-such-bucket')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('NoSuchBucket'),
    });
    expect(exitCode).toBe(1);
  });

  it('the doctor sees that the bucket is not there into which a rule saves', async () => {
    const { examine, home } = await prepare();
    const rules = join(home, 'rules.yaml');
    const output = '{ style: image/info, target: { bucket: nowhere, key: "{key}" } }';
    await writeFile(rules, `rules: [{ name: a, match: { key: "in/*" }, outputs: [${output}] }]`);

    const { of } = await examine(['--rules', rules]);

    expect([of('bucket photos')?.state, of('bucket nowhere')?.state]).toEqual(['ok', 'wrong']);
  });

  it('the doctor looks in the local OSS for the bucket of the object alone, and Node.js warns of nothing', async () => {
    const { oss, examine, home } = await prepare();
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'in/a.jpg', body: 'no picture' });
    const rules = join(home, 'rules.yaml');
    const output =
      '{ style: image/info, vary: { n: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }, target: { key: "out/{n}/{key}" } }';
    await writeFile(rules, `rules: [{ name: a, match: { key: "in/*" }, outputs: [${output}] }]`);
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));

    const args = [
      '--local',
      '--endpoint',
      `http://127.0.0.1:${oss.port}`,
      '--rules',
      rules,
      'oss://photos/in/a.jpg',
    ];
    const { findings } = await examine(args, { OSS_BUCKET: 'of-the-account' });

    expect(findings.filter(({ check }) => check.startsWith('bucket')).map(({ check }) => check)).toEqual([
      'bucket photos',
    ]);
    expect(warnings).toEqual([]);
  });

  it('the doctor sees a bucket in another region', async () => {
    const { examine } = await prepare(account, { region: 'cn-shanghai' });

    const { of } = await examine([], { OSS_REGION: 'cn-hangzhou' });

    expect(of('bucket photos')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('Invalid signing region'),
      advice: expect.stringContaining('deploy to its region'),
    });
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

    const { of, findings } = await examine([], { OSS_ENDPOINT: 'http://127.0.0.1:1' });

    expect(of('endpoint')).toMatchObject({ state: 'wrong', found: expect.stringContaining('ECONNREFUSED') });
    // Nothing is said of buckets and styles that could not be asked for.
    expect(findings.map(({ check }) => check)).not.toContain('bucket photos');
    expect(of('role')).toBeDefined();
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
      'wrong',
      'versioning is Suspended: a deletion without a version id raises no event',
      200,
      '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
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
