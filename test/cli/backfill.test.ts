import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/local/oss/http/routes.ts';
import { pictures, rulesText, startWith } from './backfill-fixture.ts';

describe('a backfill', () => {
  it('a backfill is a dry run into a pipe: it says what it would do, and does nothing', async () => {
    const { run, processed } = await startWith({ ...pictures(3), 'uploads/a.txt': 'x', 'other/b.jpg': 'x' });

    const { exitCode, out, err } = await run(['oss://photos/']);

    expect(exitCode).toBe(0);
    expect(processed).toEqual([]);
    expect(out).toContain('4 seen, 3 taken by a rule');
    expect(out).toMatch(/outputs +6\n/);
    expect(out).toMatch(/left alone +1 no-rule-matched/);
    expect(out).toMatch(/time +1 s at 1,000 calls\/s and 400 MB\/s\n/);
    expect(out).toContain('oss://photos/uploads/0001.jpg -> oss://photos/small/');
    expect(err).toBe('This was a dry run. Give --yes to start.\n');
  });

  it('a backfill asks a person before it starts', async () => {
    const { run, processed } = await startWith(pictures(1));
    const questions: string[] = [];
    const answer = (yes: boolean) => (question: string) => {
      questions.push(question);
      return Promise.resolve(yes);
    };

    const refused = await run(['oss://photos/'], { confirm: answer(false) });
    expect([refused.exitCode, processed.length]).toEqual([0, 0]);
    const accepted = await run(['oss://photos/'], { confirm: answer(true) });

    expect([accepted.exitCode, processed.length]).toEqual([0, 2]);
    expect(questions).toEqual(['Start?', 'Start?']);
  });

  it('a backfill that has nothing to make asks nobody', async () => {
    const { run } = await startWith({ 'uploads/a.txt': 'x' });
    const questions: string[] = [];

    const { exitCode, err } = await run(['oss://photos/'], {
      confirm: (question) => Promise.resolve(questions.push(question) > 0),
    });

    expect([exitCode, err, questions]).toEqual([0, '', []]);
  });

  it('a backfill makes every output once and says what became of it', async () => {
    const { run, processed, keys } = await startWith({
      ...pictures(150),
      'uploads/big.jpg': 'b'.repeat(2_000),
    });

    const { exitCode, out, err } = await run(['--bucket', 'photos', '--yes']);

    expect([exitCode, err]).toEqual([0, expect.not.stringContaining('This was a dry run')]);
    expect(out).toContain('151 objects: 303 saved, 0 failed. Finished.');
    expect(new Set(processed).size).toBe(303);
    expect(processed.length).toBe(303);
    expect(await keys('big/')).toEqual(['big/big.jpg']);
  });

  it('a backfill counts the copies by which outputs get their properties, in the dry run too', async () => {
    const { oss, run, rules, processed, keys } = await startWith(pictures(3));
    await writeFile(
      rules,
      rulesText.replace('        vary:', '        headers: { Expires: "0" }\n        vary:'),
    );

    const dry = await run(['oss://photos/']);
    const { out } = await run(['oss://photos/', '--yes']);

    expect(dry.out).toMatch(/6 HEAD requests, and 6\s+copies of outputs onto themselves/);
    expect(out).toContain('6 saved');
    expect(processed).toHaveLength(6);
    const { headers } = await oss.call({
      method: 'HEAD',
      bucket: 'photos',
      key: oss.events.at(-1)?.oss.object.key ?? '',
    });
    expect(headers).toMatchObject({ expires: '0' });

    await writeFile(
      rules,
      rulesText.replace('        vary:', '        headers: { Expires: "1" }\n        vary:'),
    );
    const again = await run(['oss://photos/', '--only-missing', '--yes']);

    expect(again.out).toContain('6 saved');
    expect(processed).toHaveLength(6);
    const [changed] = (await keys('small/')).slice(-1);
    expect((await oss.call({ method: 'HEAD', bucket: 'photos', key: changed ?? '' })).headers).toMatchObject({
      expires: '1',
    });
  });

  it.each([
    ['', '', 0],
    ['onRemove: delete', '', 4],
    ['', 'refresh: missing', 4],
    ['onRemove: delete', 'refresh: stale, checkSource: true', 12],
    ['', 'skipLarger: true, checkSource: true', 12],
    ['', 'skipLarger: true, headers: { Expires: "0" }', 8],
  ])(
    'the dry run of a backfill counts the HEAD requests of a rule with {%s}, an output with {%s}',
    async (ofRule, ofOutput, count) => {
      let heads = 0;
      const countHeads: Route = ({ method }) => {
        heads += Number(method === 'HEAD');
        return undefined;
      };
      const { run, rules } = await startWith(pictures(4), { routes: [countHeads] });
      const options = [ofOutput, 'style: "image/resize,w_1"', 'target: { key: "small/{name}.jpg" }'];
      const outputs = `outputs: [{ ${options.filter(Boolean).join(', ')} }]`;
      const match = 'match: { key: "uploads/*.jpg" }';
      await writeFile(rules, `rules:\n  - name: small\n    ${match}\n    ${outputs}\n    ${ofRule}\n`);

      const { out } = await run(['oss://photos/', '--yes']);

      expect(out).toMatch(new RegExp(` ${count} HEAD requests?\\b`));
      expect(heads).toBe(count);
    },
  );

  it('the dry run of a backfill counts no HEAD requests for objects that another rule asks about', async () => {
    const { run, rules } = await startWith({ ...pictures(3), 'other/a.jpg': 'x' });
    const output = (name: string) => `[{ style: "image/resize,w_1", target: { key: "${name}/{name}.jpg" } }]`;
    const other = `match: { key: "other/*", contentType: image/jpeg }, outputs: ${output('o')}`;
    const small = `match: { key: "uploads/*" }, outputs: ${output('s')}`;
    await writeFile(rules, `rules:\n  - { name: o, ${other} }\n  - { name: s, ${small} }\n`);

    const { out } = await run(['oss://photos/']);

    expect(out).toContain('4 seen, 4 taken by a rule at most');
    expect(out).toMatch(/ 1 HEAD request$/m);
    expect((await run(['oss://photos/uploads/'])).out).toContain('3 seen, 3 taken by a rule\n');
  });
});
