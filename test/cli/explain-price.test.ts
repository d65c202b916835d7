import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { startOss } from '../local/oss/running-oss.ts';
import { localEnvironment, runCommand } from './terminal.ts';

const output = { style: 'image/resize,w_9', target: { key: 'out/{base}' } };
const regionOf = (text: string) => /^Prices are those of (\S+)\./m.exec(text)?.[1];

let dir = '';
let rules = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'explain-'));
  rules = join(dir, 'rules.yaml');
  await writeFile(
    rules,
    stringify({ rules: [{ name: 'small', match: { key: 'in/**' }, outputs: [output] }] }),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('the price that explain tells', () => {
  it('explain counts the question for the source in the price, where outputs go with it', async () => {
    const file = join(dir, 'asked.yaml');
    const outputs = [
      { style: 'image/info', target: { key: 'out/{key}' } },
      { style: 'video/convert,f_mp4', target: { key: 'mp4/{key}' } },
    ];
    const rule = { name: 'r', match: { key: 'in/*' }, onRemove: 'delete', outputs };
    await writeFile(file, stringify({ rules: [rule] }));

    const { out } = await runCommand(['explain', '--rules', file, 'in/a']);

    expect(out).toContain('  1 billable processing call, 1 task that IMM bills, and up to 1 other request;');
  });

  it.each([
    [0, ''],
    [0, 'refresh: missing'],
    [1, 'refresh: stale'],
    [1, 'checkSource: true'],
    [1, 'skipLarger: true'],
  ])(
    'explain says that the function asks %i times for an object of {%s} that a person names',
    async (count, option) => {
      let heads = 0;
      const countHeads: Route = ({ method }) => {
        heads += Number(method === 'HEAD');
        return undefined;
      };
      const oss = await startOss({ routes: [countHeads] });
      await oss.call({ method: 'PUT', bucket: 'photos', key: 'in/a', body: 'picture' });
      const file = join(dir, 'named.yaml');
      const fields = ['style: "image/resize,w_9"', 'target: { key: "out/{base}" }', option].filter(Boolean);
      await writeFile(
        file,
        `rules: [{ name: r, match: { key: "in/*" }, outputs: [{ ${fields.join(', ')} }] }]\n`,
      );
      const event = '{"bucket":"photos","key":"in/a"}';

      const { out } = await runCommand(['explain', '--rules', file, event]);
      await runCommand(['run', '--rules', file, '--event', event, '--dry-run'], localEnvironment(oss.port));

      expect([heads, out.includes('and one HeadObject before them')]).toEqual([count, count === 1]);
    },
  );

  it('explain says what the function costs, and that OSS has a price of its own', async () => {
    const args = ['explain', '--rules', rules, 'oss://photos/in/a.jpg'];

    const [report] = JSON.parse((await runCommand([...args, '--json'])).out);
    const { out } = await runCommand(args);

    expect(report).toMatchObject({
      calls: 1,
      functionPrice: expect.closeTo(4.74e-6, 8),
      currency: 'CNY',
    });
    expect(out).toContain('1 billable processing call; the function costs CNY 4.74 for a million of these');
    expect(out).toMatch(
      /list price of 2025-12-13[\s\S]*OSS bills image processing by the size of the source/,
    );
    expect(out).toMatch(
      /the price of a GB is CNY 0\.025\. The price of 10,000 requests to OSS is CNY 0\.01\./,
    );
  });

  it('explain gives the price in the region that is named, and says where OSS has none that could be cited', async () => {
    const args = ['explain', '--rules', rules, '--region', 'ap-southeast-1'];

    const { out } = await runCommand([...args, 'oss://photos/in/a.jpg']);
    const [report] = JSON.parse((await runCommand([...args, '--json', 'oss://photos/in/a.jpg'])).out);

    expect(report).toMatchObject({ functionPrice: expect.closeTo(0.86e-6, 8), currency: 'USD' });
    expect(out).toContain('the function costs USD 0.86 for a million of these');
    expect([regionOf(out), /list price of 2024-11-19 \(USD 0\.00002 a CU\)/.test(out)]).toEqual([
      'ap-southeast-1',
      true,
    ]);
    expect(out).toMatch(/the price of a GB is unknown\. The price of 10,000 requests to OSS is unknown\./);
    expect(out).not.toContain('CNY');
  });

  it.each([
    [['--region', 'eu-central-1'], 'us-west-1', 'eu-central-1'],
    [[], 'us-west-1', 'us-west-1'],
    [[], undefined, 'ap-south-1'],
  ])(
    'explain takes the region of %j, OSS_REGION %s or s.yaml, in this order',
    async (args, OSS_REGION, region) => {
      const project = await mkdtemp(join(dir, 'project-'));
      const file = join(project, 'rules.yaml');
      await copyFile(rules, file);
      await writeFile(
        join(project, 's.yaml'),
        stringify({
          resources: { 'oss-saveas': { props: { functionName: 'oss-saveas', region: 'ap-south-1' } } },
        }),
      );

      const { out } = await runCommand(['explain', '--rules', file, ...args, 'in/a.jpg'], { OSS_REGION });

      expect(regionOf(out)).toBe(region);
    },
  );

  it('explain takes cn-hangzhou where nobody names a region, and refuses what is none', async () => {
    const { out } = await runCommand(['explain', '--rules', rules, 'in/a.jpg']);
    const { exitCode, err } = await runCommand(['explain', '--rules', rules, '--region', 'hangzhou', 'a']);

    expect(regionOf(out)).toBe('cn-hangzhou');
    expect([exitCode, err]).toEqual([2, expect.stringContaining('region "hangzhou"')]);
  });

  it('explain counts the requests of what follows a save in the price', async () => {
    const file = join(dir, 'after.yaml');
    const output = (name: string, more: object) => ({
      ...{ style: 'image/resize,w_9', target: { key: `out/${name}` }, ...more },
    });
    const outputs = [
      output('a', {
        headers: { 'Cache-Control': 'no-cache', 'x-oss-meta-by': 'me' },
        ...{ tags: { kind: 'thumbnail' }, storageClass: 'IA', acl: 'public-read' },
      }),
      output('b', { skipLarger: true }),
      output('c', { skipLarger: true, acl: 'private' }),
      output('d', {}),
    ];
    await writeFile(file, stringify({ rules: [{ name: 'r', match: { key: 'in/*' }, outputs }] }));

    const { out } = await runCommand(['explain', '--rules', file, 'in/a']);

    expect(out).toContain(
      '4 billable processing calls, and up to 10 other requests; the function costs CNY 28.26 for a million',
    );
  });

  it.each([
    [0, {}],
    [1, { refresh: 'stale' }],
    [1, { checkSource: true }],
    [3, { skipLarger: true }],
    [3, { acl: 'private' }],
    [5, { acl: 'private', skipLarger: true, refresh: 'missing', checkSource: true }],
  ])(
    'explain counts %i requests beside the call that makes an output with %j, as many as are made',
    async (count, fields) => {
      let made = 0;
      const countRequest: Route = () => {
        made += 1;
        return undefined;
      };
      const oss = await startOss({ routes: [countRequest] });
      const { headers } = await oss.call({ method: 'PUT', bucket: 'photos', key: 'in/a', body: 'picture' });
      const [file, event] = [join(dir, 'beside.yaml'), join(dir, 'upload.json')];
      const outputs = [{ ...output, ...fields }];
      await writeFile(file, stringify({ rules: [{ name: 'r', match: { key: 'in/*' }, outputs }] }));
      const record = {
        bucket: { name: 'photos' },
        object: { key: 'in/a', size: 7, eTag: headers.etag?.replaceAll('"', '') },
      };
      const upload = { eventName: 'ObjectCreated:PutObject', eventTime: '2026-01-01T00:00:00Z', oss: record };
      await writeFile(event, JSON.stringify({ events: [upload] }));

      const [told] = JSON.parse((await runCommand(['explain', '--rules', file, '--json', event])).out);
      await runCommand(['run', '--rules', file, '--event', event], localEnvironment(oss.port));

      // The upload and the processing are no others.
      expect([told.followUps, made - 2]).toEqual([count, count]);
    },
  );

  it('explain counts what OSS makes by tasks apart from its calls, and shows the topic in clear', async () => {
    const file = join(dir, 'tasks.yaml');
    const output = { style: 'video/convert,f_mp4', target: { key: 'mp4/{base}' }, notify: 'film-ends' };
    const snapshot = { style: 'video/snapshot,t_1,f_jpg', target: { key: 'covers/{base}' } };
    const outputs = [output, snapshot];
    await writeFile(file, stringify({ rules: [{ name: 'r', match: { key: 'in/*' }, outputs }] }));

    const { out } = await runCommand(['explain', '--rules', file, 'in/a.mov']);

    expect(out).toContain('1 billable processing call, 1 task that IMM bills; the function costs CNY');
    expect(out).toContain('b_my-bucket/notify,topic_film-ends\n');
  });
});
