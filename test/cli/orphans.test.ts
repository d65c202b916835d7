import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { some, startWith } from './orphans-fixture.ts';

const withOther = (match: string, target: string) => `rules:
  - name: big
    match: { key: "uploads/*.jpg", bucket: photos }
    outputs: [{ style: "image/resize,w_9", target: { key: "big/{name}.webp" } }]
  - name: other
    match: { key: "videos/*.mp4"${match} }
    outputs: [{ style: "image/resize,w_9", target: ${target} }]
`;

describe('orphans', () => {
  it('orphans are counted and shown by a dry run, which deletes nothing and leaves nothing behind', async () => {
    const { run, stored, dir } = await startWith(some);

    const { exitCode, out, err } = await run([]);

    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/sources +1 that are there\n/);
    expect(out).toMatch(/objects +7 seen\n/);
    expect(out).toMatch(/orphans +3, 3 B\n/);
    expect(out).toContain('3 source-exists');
    expect(out).toContain('oss://photos/small/uploads/gone.jpg-100.webp');
    expect(out).toContain(
      'A file that somebody uploaded under a key that an output could have looks the same',
    );
    expect(await stored()).toHaveLength(some.length);
    expect(await readdir(dir)).toEqual(['rules.yaml']);
  });

  it('orphans are printed one a line by --list, and the rest goes elsewhere', async () => {
    const { run } = await startWith(some);

    const { out, err } = await run(['--list', '--rule', 'small']);

    expect(out).toBe(
      'oss://photos/small/uploads/gone.jpg-100.webp\noss://photos/small/uploads/gone.jpg-200.webp\n',
    );
    expect(err).toContain('orphans');
  });

  it('orphans are deleted only when somebody says which and agrees, and nothing else is', async () => {
    const { run, stored } = await startWith(some);
    const questions: string[] = [];
    const answer = (yes: boolean) => (question: string) => {
      questions.push(question);
      return Promise.resolve(yes);
    };

    const vague = await run(['--delete', '--yes']);
    const piped = await run(['--delete', '--rule', 'small']);
    const refused = await run(['--delete', 'oss://photos/small/'], answer(false));
    expect(await stored()).toHaveLength(some.length);
    const accepted = await run(['--delete', 'oss://photos/small/'], answer(true));

    expect([vague.exitCode, piped.exitCode, refused.exitCode, accepted.exitCode]).toEqual([2, 0, 0, 0]);
    expect(vague.err).toContain('--delete: name a rule (--rule) or a place (oss://bucket/prefix/).');
    expect(piped.err).toBe('This was a dry run. Give --yes to start.\n');
    expect(questions).toEqual(['Delete 2 objects for good?', 'Delete 2 objects for good?']);
    expect(accepted.err).toBe('2 of 2 objects removed\n');
    expect(accepted.out).toContain('2 removed, 0 failed, 2 source-exists.\n');
    expect(await stored()).toEqual(some.filter((key) => !key.includes('small/uploads/gone')).sort());
  });

  it('orphans are outputs that no source is left for, whatever the size of the one that is', async () => {
    const { run, stored } = await startWith([
      ...['uploads/a.png', 'big/a.webp', 'uploads/b.jpg', 'big/b.webp', 'small/uploads/b.jpg-100.webp'],
      // No rule makes the first one of a .png, and no size 300 of anything.
      ...['small/uploads/a.png-100.webp', 'small/uploads/a.jpg-300.webp', 'small/uploads/a.jpg-200.webp'],
    ]);

    const { out } = await run(['--delete', '--yes', 'oss://photos/']);

    expect(out).toContain('1 removed, 0 failed, 3 source-exists, 2 no-target.\n');
    expect(await stored()).not.toContain('small/uploads/a.jpg-200.webp');
  });

  it.each([
    ['--rule', 'smal', '--rule: no rule has the name "smal" (did you mean "small"?).'],
    ['--rate', '0', '--rate: expected a number above 0, received "0".'],
  ])('orphans refuses %s %s', async (option, value, message) => {
    const { run } = await startWith([]);

    expect(await run([option, value])).toMatchObject({ exitCode: 2, err: expect.stringContaining(message) });
  });

  it('orphans lists the sources of those rules alone that may save where it looks', async () => {
    const prefixes = new Set<string | null>();
    const notePrefix: Route = ({ url = '' }) => {
      prefixes.add(new URL(url, 'http://localhost').searchParams.get('prefix'));
      return undefined;
    };
    const rules = withOther(', bucket: photos', '{ key: "covers/{name}.webp" }');
    const { run } = await startWith([], { rules, routes: [notePrefix] });

    await run(['oss://photos/big/']);

    expect([...prefixes].sort()).toEqual(['big/', 'uploads/']);
  });

  it('orphans are told by their bucket, too: what another rule saves under such a key lies elsewhere', async () => {
    const rules = withOther(', bucket: photos', '{ bucket: films, key: "big/{name}.svg" }');
    const { run, stored } = await startWith(['big/logo.svg', 'films/big/logo.svg'], { rules });

    const { out } = await run(['--delete', '--yes', 'oss://photos/big/', 'oss://films/big/']);

    expect(out).toContain('1 removed, 0 failed, 1 no-target.\n');
    expect([await stored('photos'), await stored('films')]).toEqual([['big/logo.svg'], []]);
  });

  it.each([
    '{ bucket: films, key: "big/{etag}.webp" }',
    '{ key: "covers/{etag}.webp" }',
    '{ key: "big/{etag}.jpg" }',
  ])('orphans are not left alone for an output that was left out and saves elsewhere: %s', async (target) => {
    const rules = withOther(', bucket: photos', target);
    const { run } = await startWith(['big/gone.webp'], { rules });

    const { out } = await run(['--delete', '--yes', 'oss://photos/big/']);

    expect(out).toContain('1 removed, 0 failed.\n');
  });

  it('orphans are shown on one line each, whatever their keys hold', async () => {
    const faults = { rules: [{ fault: 'AccessDenied' as const, operation: 'DeleteObject' }] };
    const { run } = await startWith(['big/a\nb\u001b.webp'], { faults });

    const { out, err } = await run(['--delete', '--yes', '--list', '--rule', 'big']);

    expect(out).toMatch(/^oss:\/\/photos\/big\/a\\nb\\u001b\.webp\n0 removed/);
    expect(err).toMatch(/\nDeleteObject oss:\/\/photos\/big\/a\\nb\\u001b\.webp failed: .*\n$/);
  });

  it('orphans are left alone where they were saved since the sources were listed', async () => {
    const { run, put, stored } = await startWith(some);
    await put('photos/big/gone.webp');
    await put('photos/big/new.webp', Date.now());

    const { out } = await run(['--delete', '--yes', '--rule', 'big']);

    expect(out).toContain('2 changed-since');
    expect(await stored()).toContain('big/new.webp');
  });

  it('orphans are left alone where a source appears between the dry run and the deletion', async () => {
    const { run, put, stored } = await startWith(some);

    const { out, err } = await run(['--delete', '--rule', 'big'], async () => {
      await put('photos/uploads/gone.jpg');
      await put('photos/big/gone.webp');
      return true;
    });

    expect(err).not.toContain('may belong');
    expect(out).toContain('0 removed, 0 failed, 1 source-exists, 1 changed-since, 1 no-target.\n');
    expect(await stored()).toContain('big/gone.webp');
  });

  it('orphans says so where there is no source at all', async () => {
    const { run } = await startWith(['big/a.webp']);

    const { out } = await run(['--rule', 'big']);

    expect(out).toMatch(/left alone +none\n/);
    expect(out).toContain('There is no source at all: is this the right bucket?');
  });
});

describe('outputs that orphans leaves out', () => {
  it.each([
    [', bucket: photos', '{ key: "big/{etag}.webp" }', 'ABCD', /no key of a source tells its \{etag\}/],
    [', bucket: photos', '{ key: "big/{yyyy}.webp" }', '2025', /tells its \{yyyy\}/],
    ['', '{ bucket: photos, key: "big/{name}.webp" }', 'film', /its sources may lie in any bucket/],
    [', bucket: photos', '{ key: "big/{b64:{key}}.webp" }', 'YWJj', /twice, or in \{b64:…\}/],
    [', bucket: photos', '{ key: "big/{name}{name}.webp" }', 'xx', /a part of the source's key twice/],
    [
      ', bucket: photos',
      '{ key: "big/{dir}{dir}.webp" }',
      'videosvideos',
      /a part of the source's key twice/,
    ],
    [', bucket: photos', '{ key: "big/{ext}{ext}.webp" }', 'mp4mp4', /a part of the source's key twice/],
  ])(
    'outputs that orphans leaves out are named, and what they may have saved stays: %s %s',
    async (match, target, name, reason) => {
      const rules = withOther(match, target);
      const { run, stored } = await startWith(['uploads/a.jpg', `big/${name}.webp`, 'big/x-y_z .webp'], {
        rules,
      });

      const args = ['--bucket', 'photos', '--delete', '--yes', 'oss://photos/big/'];
      const ofOther = await run([...args, '--rule', 'big']);
      const { out } = await run(args);

      expect(ofOther.out).toMatch(/[12] left-out/);
      expect(out.replace(/\s+/g, ' ')).toMatch(reason);
      expect(out).toMatch(/[12] left-out/);
      expect(await stored()).toContain(`big/${name}.webp`);
    },
  );

  it('outputs that orphans leaves out are all there is: then it says why and ends with 2', async () => {
    const { run } = await startWith([], {
      rules: withOther(', bucket: photos', '{ key: "day/{dd}/{base}" }'),
    });

    const { exitCode, err } = await run(['--rule', 'other']);

    expect(exitCode).toBe(2);
    expect(err).toContain(
      'no output saves there with a key that tells its source.\n' +
        '- rule other, outputs[0], is left out: no key of a source tells its {dd}\n',
    );
  });
});
