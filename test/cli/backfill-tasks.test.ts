import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGate, readFailures, rulesText, startWith, tooLarge } from './backfill-tasks-fixture.ts';

describe('a backfill via the deployed function', () => {
  it('a backfill via the function does not say of outputs that are made by tasks whether they are saved', async () => {
    const film = '      - { style: "video/convert,f_mp4", target: { key: "mp4/{name}.mp4" } }\n';
    const { run } = await startWith(3, { rules: rulesText + film });

    const { out, err } = await run('oss://photos/', '--yes');

    expect(out + err).toContain('3 objects: 6 saved, 0 failed, 3 saved-or-skipped');
  });

  it('a backfill via the function does not stop for batches with a broken picture each, where nobody says which failed', async () => {
    const broken = (key: string) => ({ fault: 'ImageTooLarge' as const, operation: 'ProcessObject', key });
    const rules = [broken('**/0007.jpg'), broken('**/0030.jpg'), broken('**/0060.jpg')];
    const { run } = await startWith(100, { mayTell: false, faults: { rules } });

    const { exitCode, out } = await run('--yes');

    expect([exitCode, out]).toEqual([
      1,
      expect.stringContaining('100 objects: 50 saved, 150 failed. Finished.'),
    ]);
  });

  it('a backfill via the function hands objects over in batches, and accounts for all of their outputs', async () => {
    const { run, processed, tasks } = await startWith(60);

    const { exitCode, out } = await run('--yes');

    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
    expect(exitCode).toBe(0);
    expect(new Set(processed).size).toBe(120);
    expect(processed.length).toBe(120);
    expect([...tasks.byId.values()].map(({ status }) => status)).toEqual([
      'Succeeded',
      'Succeeded',
      'Succeeded',
    ]);
  });

  it('a backfill via the function goes on after Ctrl-C by the batches that are there already, and makes none twice', async () => {
    const gate = createGate();
    const { begin, run, processed, attempts, tasks } = await startWith(60, {
      beforeEach: () => gate.isOpen,
    });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(3);
    first.stop.abort();
    const stopped = await first.ended;
    gate.open();

    const { exitCode, out, err } = await run();

    expect(stopped.exitCode).toBe(130);
    expect(exitCode).toBe(0);
    expect(err).toContain('Continuing: ');
    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
    expect([tasks.byId.size, attempts.number, processed.length]).toEqual([3, 3, 120]);
  });

  it('a backfill via the function names each output that failed for good, and makes none of the others again', async () => {
    const { run, processed, attempts } = await startWith(20, { faults: tooLarge('**/0007.jpg') });

    const { exitCode, out, err } = await run('--yes');
    const failures = await readFailures(err);

    expect(exitCode).toBe(1);
    expect(out).toContain('20 objects: 38 saved, 2 failed. Finished.');
    expect(failures.map(({ source }) => source)).toEqual(Array(2).fill('oss://photos/uploads/0007.jpg'));
    expect(failures.map(({ target }) => target)).toEqual([
      expect.stringMatching(/^oss:\/\/photos\/small\/.*\/0007-100\.jpg$/),
      expect.stringMatching(/0007-200\.jpg$/),
    ]);
    expect(failures[0]).toMatchObject({
      code: 'ImageTooLarge',
      message: expect.stringContaining('ImageTooLarge'),
    });
    expect([attempts.number, processed.length]).toEqual([1, 38]);
  });

  it('a backfill via the function submits a batch again if nobody knows which output failed, and then lists all of them', async () => {
    const { run, processed, attempts, tasks } = await startWith(20, {
      faults: tooLarge('**/0007.jpg'),
      mayTell: false,
    });

    const { exitCode, out, err } = await run('--yes');

    expect(exitCode).toBe(1);
    expect(out).toContain('20 objects: 0 saved, 40 failed. Finished.');
    expect((await readFailures(err))[0]).toMatchObject({
      code: 'TaskFailed',
      message: expect.stringContaining('failed twice: OutputsFailed'),
    });
    const [first = '', second] = [...tasks.byId.keys()];
    expect(second).toBe(first.replace(/-1$/, '-2'));
    expect([attempts.number, processed.length]).toEqual([2, 76]);
  });

  it('a backfill via the function makes from the file of failures what a batch has left, and no more with --only-missing', async () => {
    const { run, runHere, processed } = await startWith(20, {
      faults: tooLarge('**/0007.jpg'),
      mayTell: false,
    });
    const { err } = await run('--yes');
    const [, file = ''] = /--keys (.*)\n$/.exec(err) ?? [];

    const { out } = await runHere('--keys', file, '--only-missing', '--yes');

    expect(out).toContain('20 objects: 0 saved, 2 failed, 38 target-exists. Finished.');
    expect(processed.length).toBe(76);
  });

  it('a batch with a failure that may pass is submitted again', async () => {
    let isFirst = true;
    const { run, attempts } = await startWith(20, {
      beforeEach: async () => {
        if (isFirst) {
          isFirst = false;
          throw new Error('the process died');
        }
      },
    });

    const { exitCode, out } = await run('--yes');

    expect(out).toContain('20 objects: 40 saved, 0 failed. Finished.');
    expect([exitCode, attempts.number]).toEqual([0, 2]);
  });

  it('a backfill via the function says saved of nothing that failed, though the rules let the function report it alone', async () => {
    const rules = `onPermanentFailure: report\n${rulesText}`;
    const { run } = await startWith(20, { faults: tooLarge('**'), rules });

    const { exitCode, out } = await run('--yes');

    expect(out).toContain('20 objects: 0 saved, 40 failed. Finished.');
    expect(exitCode).toBe(1);
  });

  it('a backfill via the function asks for no target, which the role of the function may not look at', async () => {
    const { run, requests } = await startWith(20, { faults: tooLarge('**/0007.jpg'), mayTell: false });

    await run('--yes');

    expect(requests.filter((request) => request.startsWith('HEAD'))).toEqual([]);
  });

  it.each<[string, string]>([
    ['contentType', 'contentType: image/jpeg'],
    ['contentType and size', 'contentType: image/jpeg, size: { min: 1 }'],
  ])(
    'a backfill via the function has the function ask for what a listing or a list of keys does not tell: %s',
    async (_, condition) => {
      const rules = rulesText.replace('bucket: photos', `bucket: photos, ${condition}`);
      const { run, dir, processed } = await startWith(9, { rules });
      const keys = Array.from({ length: 9 }, (_, number) => `oss://photos/uploads/000${number}.jpg\n`);
      await writeFile(join(dir, 'keys.txt'), keys.join(''));

      for (const args of [[], ['--keys', join(dir, 'keys.txt')]]) {
        const { exitCode, out } = await run('--yes', ...args);
        expect(out).toContain('9 objects: 0 saved, 0 failed, 18 saved-or-skipped. Finished.');
        expect(exitCode).toBe(0);
      }
      // Every third is no picture.
      expect(processed.length).toBe(2 * 12);
    },
  );

  it.each([true, false])(
    'a backfill via the function ends soon where the function has other rules, and goes on once it has these (told why: %s)',
    async (mayTell) => {
      const deployedRules = rulesText.replace('uploads/**', 'incoming/**');
      const { run, processed, attempts, deploy } = await startWith(60, { deployedRules, mayTell });

      const refused = [await run('--yes'), await run()];
      const attemptsBefore = attempts.number;
      deploy(rulesText);
      const { exitCode, out } = await run();

      for (const { exitCode, out, err } of refused) {
        expect(err).toContain('the function has other rules (');
        expect(err).toContain('): build and deploy it, then run the same command.');
        expect(out).toContain(': 0 saved, 0 failed. Not finished: the same command continues.');
        expect(exitCode).toBe(1);
      }
      expect(attemptsBefore).toBeLessThanOrEqual(6);
      expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
      expect([exitCode, processed.length]).toEqual([0, 120]);
    },
  );

  it('a backfill via the function makes nothing by the time of objects of which it does not know it', async () => {
    const { run, dir, tasks } = await startWith(1);
    await writeFile(join(dir, 'keys.txt'), 'oss://photos/uploads/0000.jpg\n');

    const { exitCode, err } = await run('--yes', '--keys', join(dir, 'keys.txt'), '--since', '2026-01-31');

    expect(err).toContain('has no times for --since and --until');
    expect([exitCode, tasks.byId.size]).toEqual([1, 0]);
  });

  it('a backfill via the function stops submitted batches each time it is told to, and submits the rest when run again', async () => {
    const gate = createGate();
    const { begin, run, tasks, processed } = await startWith(60, { beforeEach: () => gate.isOpen });
    const statuses = () => [...tasks.byId.values()].map(({ status }) => status);
    const stopAll = async (all: number, ...args: string[]) => {
      const first = begin(...args);
      await expect.poll(() => tasks.byId.size).toBe(all);
      first.stop.abort();
      await first.ended;
      return run('--stop');
    };
    const stopped = await stopAll(3, '--yes');
    const again = await stopAll(5);
    gate.open();
    await expect.poll(statuses).not.toContain('Stopping');

    const { exitCode, out } = await run();

    expect([stopped.out, again.out]).toEqual([
      expect.stringContaining('3 batches stopped.'),
      expect.stringContaining('batches stopped.'),
    ]);
    expect(exitCode).toBe(0);
    expect(out).toContain('60 objects: 120 saved, 0 failed. Finished.');
    // The batch that ran when it was stopped is made again.
    expect(processed.length).toBe(170);
  });

  it('continues and stops only through the function that has its batches', async () => {
    const gate = createGate();
    const { begin, run, runHere, tasks } = await startWith(60, { beforeEach: () => gate.isOpen });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(3);
    first.stop.abort();
    await first.ended;

    const other = await run('--function', 'other', '--yes');
    const stopped = await runHere('--via', 'function', '--fc-endpoint', 'http://127.0.0.1:9', '--stop');
    gate.open();

    expect(stopped.exitCode).toBe(2);
    expect(other.err).not.toContain('Continuing');
    expect(stopped.err).toContain('--stop: the same command was not started with --via function.');
  });

  it('a backfill via the function leaves outputs alone that exist, where only missing ones are wanted', async () => {
    const { run, processed } = await startWith(10);
    await run('--yes');

    const { out } = await run('--yes', '--only-missing');

    expect(processed.length).toBe(20);
    expect(out).toContain('10 objects: 0 saved, 0 failed, 20 saved-or-skipped. Finished.');
  });

  it('a backfill via the function takes no list of failures, of which the function would make every output', async () => {
    const { run, dir } = await startWith(1);
    const line = { source: 'oss://photos/uploads/0000.jpg', target: 'oss://photos/small/2026/0000-100.jpg' };
    await writeFile(join(dir, 'failures.jsonl'), `${JSON.stringify(line)}\n`);

    const { exitCode, err } = await run('--keys', join(dir, 'failures.jsonl'), '--yes');

    expect(err).toContain('a list of failures is for this machine: leave out --via function');
    expect(exitCode).toBe(1);
  });

  it.each<[string[], string]>([
    [['--via', 'queue'], '--via: expected "function"'],
    [['--via', 'function', '--rule', 'small'], 'whose rules are its own: leave --rule out'],
    [['--via', 'function', '--fc-endpoint', 'here'], '--fc-endpoint: expected a URL'],
    [['--via', 'function', '--rate', '5'], '--rate: the function goes as fast as its instances'],
    [
      ['--via', 'function', '--fc-endpoint', 'http://127.0.0.1:9', '--stop'],
      '--stop: the same command was not started with --via function',
    ],
  ])('a backfill via the deployed function that is given %j says what is wrong', async (args, message) => {
    const { runHere } = await startWith(0);

    const { exitCode, err } = await runHere(...args);

    expect(err).toContain(message);
    expect(exitCode).toBe(2);
  });
});
