import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { hostileKeys } from '../fixtures/hostile-keys.ts';
import { runCommand } from './terminal.ts';

let dir = '';
let rules = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'explain-'));
  rules = join(dir, 'rules.yaml');
  const output = { style: 'image/watermark,text_{b64:© {name}}', target: { key: 'out/{key}' } };
  const match = {
    key: 'in/**',
    exclude: 'in/raw/**',
    bucket: 'photos',
    size: { min: 10, max: '1KB' },
    contentType: 'image/*',
  };
  await writeFile(
    rules,
    stringify({
      rules: [
        { name: 'mark', match, outputs: [output] },
        {
          name: 'any',
          match: { key: '**/*_t.jpg' },
          outputs: [{ style: 'image/format,jpg', target: { key: '{dir}/{name}_t.jpg' } }],
        },
      ],
    }),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Report {
  skipped?: string;
  key?: string;
  calls: number;
  rules: {
    rule: string;
    matches: boolean;
    why?: string;
    provided?: string;
    outputs: { target: object; process: string; decoded: string }[];
  }[];
}

async function explain(...args: string[]): Promise<Report[]> {
  const { out } = await runCommand(['explain', '--rules', rules, '--json', ...args]);
  return JSON.parse(out);
}

describe('explain', () => {
  it('explain takes an object of unknown size for one that is not empty', async () => {
    const file = join(dir, 'sizes.yaml');
    const output = { style: 'image/format,jpg', target: { key: 'out/{key}' } };
    const sizes = [{ min: 0, max: '20MB' }, { max: 0 }];
    const ruled = sizes.map((size, i) => ({
      name: `r${i}`,
      match: { key: 'in/**', size },
      outputs: [output],
    }));
    await writeFile(file, stringify({ rules: ruled }));

    const { out } = await runCommand(['explain', '--rules', file, '--json', 'in/a.jpg']);
    const [report]: Report[] = JSON.parse(out);

    expect(report?.calls).toBe(1);
    expect(report?.rules.map(({ matches, why }) => [matches, why])).toEqual([
      [true, undefined],
      [false, '1 bytes are more than its 0'],
    ]);
  });

  it('explain shows target and process, encoded as it is sent and decoded', async () => {
    const [report] = await explain('oss://photos/in/a.jpg');

    expect(report?.calls).toBe(1);
    expect(report?.rules[0]).toMatchObject({
      rule: 'mark',
      matches: true,
      provided: 'if it has at least 10 bytes and at most 1,024 bytes and content type image/*',
    });
    expect(report?.rules[0]?.outputs).toEqual([
      {
        target: { bucket: 'photos', key: 'out/in/a.jpg' },
        process: 'image/watermark,text_wqkgYQ|sys/saveas,o_b3V0L2luL2EuanBn,b_cGhvdG9z',
        decoded: 'image/watermark,text_© a|sys/saveas,o_out/in/a.jpg,b_photos',
      },
    ]);
  });

  it.each([
    ['oss://other/in/a.jpg', 'it takes objects of photos, not of other'],
    ['up/a.jpg', 'the key does not fit "in/**"'],
    ['IN/a.jpg', 'the key does not fit "in/**": upper and lower case differ'],
    ['in/raw/a.jpg', 'its exclude "in/raw/**" leaves it out'],
    ['{"bucket":"photos","key":"in/a.jpg","size":9}', '9 bytes are fewer than its 10'],
    ['{"bucket":"photos","key":"in/a.jpg","size":2000}', '2000 bytes are more than its 1024'],
    [
      '{"bucket":"photos","key":"in/a.jpg","size":20,"contentType":"text/plain"}',
      'it takes image/*, not text/plain',
    ],
  ])('explain says why a rule does not take %s', async (argument, why) => {
    const [report] = await explain(argument);

    expect(report?.rules[0]).toEqual({ rule: 'mark', matches: false, why, outputs: [] });
  });

  it('explain explains each object of an event, with what the event says of it', async () => {
    const file = join(dir, 'event.json');
    await writeFile(
      file,
      JSON.stringify({
        objects: [
          { bucket: 'photos', key: 'in/a.jpg', size: 5 },
          { bucket: 'photos', key: 'in/folder/' },
        ],
      }),
    );

    const reports = await explain(file);

    expect(reports.map(({ key, skipped, rules: [first] }) => [key, skipped ?? first?.why])).toEqual([
      ['in/a.jpg', '5 bytes are fewer than its 10'],
      ['in/folder/', 'directory-marker'],
    ]);
  });

  it('explain tells of a result in another bucket, of an ETag that an upload brings, and of a key too long', async () => {
    const file = join(dir, 'special.yaml');
    const ruleOf = (name: string, target: object, style = 'image/format,jpg') => ({
      name,
      match: { key: `${name}/*` },
      outputs: [{ style, target }],
    });
    const special = [
      { ...ruleOf('sized', { key: 'out/{key}' }), match: { key: 'in/*', size: { min: 1 } } },
      ruleOf('mirror', { bucket: 'marked', key: '{key}' }),
      ruleOf('tagged', { key: 'out/{etag}/{name}.jpg' }),
      ruleOf('film', { key: 'out/{etag}/{name}.mp4' }, 'video/convert,f_mp4'),
      ruleOf('long', { key: '{key}{key}{key}{key}' }),
    ];
    await writeFile(file, stringify({ rules: special }));
    const urls = [
      '{"bucket":"photos","key":"in/a.jpg"}',
      'oss://marked/mirror/a.jpg',
      'oss://photos/tagged/a.jpg',
      'oss://photos/film/a.mov',
      `oss://photos/long/${'a'.repeat(300)}`,
    ];

    const { out } = await runCommand(['explain', '--rules', file, ...urls]);

    expect(out).toContain('  1 billable processing call, and one HeadObject before them; the function costs');
    expect(out).toContain('  mirror skipped: own-output. By its name this is a result of this rule\n');
    expect(out).toContain('  tagged takes it, with the ETag that its event brings\n');
    expect(out).toContain('    -> oss://photos/out/<ETag>/a.jpg\n');
    expect(out).toContain('    -> oss://photos/out/<ETag>/a.mp4\n');
    expect(out).toMatch(/ {2}long takes it\n {4}-> oss:\/\/photos\/(long\/a{300}){4} fails: .*1,023 bytes/);
  });

  it('explain explains a deletion: which outputs go with the source, and which stay', async () => {
    const [own, event] = [join(dir, 'removal.yaml'), join(dir, 'removal.json')];
    const output = { style: 'image/info', target: { key: 'out/{key}' } };
    const removing = { name: 'mark', match: { key: 'in/*' }, onRemove: 'delete', outputs: [output] };
    const keeping = {
      name: 'kept',
      match: { key: 'in/*' },
      outputs: [{ ...output, target: { key: 'k/{key}' } }],
    };
    await writeFile(own, stringify({ rules: [removing, keeping] }));
    const oss = { bucket: { name: 'photos' }, object: { key: 'in/a.jpg' } };
    await writeFile(event, JSON.stringify({ events: [{ eventName: 'ObjectRemoved:DeleteObject', oss }] }));

    const { out } = await runCommand(['explain', '--rules', own, event]);

    expect(out).toContain(
      '  mark deletes with it\n    -> oss://photos/out/in/a.jpg, once OSS says that the object is gone\n',
    );
    expect(out).toContain('  kept does not: it has no outputs of this key, or keeps them\n');
    expect(out).toContain('  0 billable processing calls, and up to 3 other requests;');
  });

  it('explain takes keys as they stand', async () => {
    const keys = hostileKeys
      .map((key) => `in/${key}`)
      .filter((key) => !key.endsWith('/') && Buffer.byteLength(key) <= 1_000);

    const reports = await explain(...keys.map((key) => `oss://photos/${key}`));

    expect(reports.map(({ rules: [first] }) => first?.outputs[0]?.target)).toEqual(
      keys.map((key) => ({ bucket: 'photos', key: `out/${key}` })),
    );
  });

  it('explain prints no control character of a key to the terminal', async () => {
    const key = 'oss://photos/in/\u001b]0;x\u0007\nsaved: b\u009b.jpg';

    const { out } = await runCommand(['explain', '--rules', rules, key]);

    expect(out).toContain('oss://photos/in/\\u001b]0;x\\u0007\\nsaved: b\\u009b.jpg\n');
    expect(out).toContain('    -> oss://photos/out/in/\\u001b]0;x');
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('explain reads keys from standard input, with or without a byte order mark', async () => {
    const input = '\ufeffin/a.jpg\r\nin/b.jpg\n';
    const args = ['explain', '--rules', rules, '--json', '-'];

    const reports: Report[] = JSON.parse((await runCommand(args, {}, { input })).out);
    const gbk = await runCommand(args, {}, { input: Buffer.from([0x61, 0xb0, 0xe6]) });

    expect(reports.map(({ key }) => key)).toEqual(['in/a.jpg', 'in/b.jpg']);
    expect(gbk).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('standard input:1:2 is not UTF-8'),
    });
  });

  it.each([
    ['', 'standard input is empty, and names no object'],
    ['\n\r\n', 'standard input is empty, and names no object'],
    ['in/a.jpg\nhttps://b.example/a.jpg', 'expected oss://bucket/key, received "https://b.example/a.jpg"'],
    ['{"objects":\n ["a" 1', "standard input:2:7: expected JSON: Expected ','"],
  ])('explain refuses standard input that is %j', async (input, message) => {
    const { exitCode, out, err } = await runCommand(['explain', '--rules', rules, '-'], {}, { input });

    expect([exitCode > 0, out, err]).toEqual([true, '', expect.stringContaining(message)]);
  });

  it.each(['oss://photos', 'Photos', 'photos.oss-cn-hangzhou.aliyuncs.com'])(
    'explain refuses the OSS_BUCKET %s, which can be none',
    async (OSS_BUCKET) => {
      const file = join(dir, 'any-bucket.yaml');
      const outputs = [{ style: 'image/format,jpg', target: { key: 'out/{key}' } }];
      await writeFile(file, stringify({ rules: [{ name: 'r', match: { key: 'in/*' }, outputs }] }));

      const { exitCode, err } = await runCommand(['explain', '--rules', file, 'a.jpg'], { OSS_BUCKET });

      expect([exitCode, err]).toEqual([
        2,
        expect.stringContaining(`bucket "${OSS_BUCKET}": expected 3 to 63`),
      ]);
    },
  );

  it.each([
    'https://photos.oss-cn-hangzhou.aliyuncs.com/in/a%20b.jpg?x=y',
    'OSS://photos/a.jpg',
    's3://photos/a.jpg',
    'oss://photos',
    'https://cdn.example/event.json',
  ])('explain takes the address %s for no key', async (address) => {
    const { exitCode, err } = await runCommand(['explain', '--rules', rules, address]);

    expect([exitCode, err]).toEqual([
      2,
      `oss-saveas explain: expected oss://bucket/key, received "${address}".\n`,
    ]);
  });

  it('explain refuses an argument that is empty', async () => {
    const { exitCode, err } = await runCommand(['explain', '--rules', rules, '']);

    expect([exitCode, err]).toEqual([2, expect.stringContaining('an argument is empty')]);
  });

  it('explain does not understand a command line without an object', async () => {
    expect((await runCommand(['explain'])).exitCode).toBe(2);
  });
});
