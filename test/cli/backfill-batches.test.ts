import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGate, readFailureFiles, rulesText, startWith, tooLarge } from './backfill-tasks-fixture.ts';

const withFault = (fault: 'AccessDenied' | 'ImageTooLarge', ...keys: string[]) => ({
  rules: keys.map((key) => ({ fault, operation: 'ProcessObject', key })),
});

describe('the batches of a backfill via the function', () => {
  it('a batch has its failures counted, though the run that saw them was ended', async () => {
    const gate = createGate();
    let number = 0;
    const beforeEach = async () => {
      number += 1;
      await (number > 1 && gate.isOpen);
    };
    const { begin, run, dir } = await startWith(60, { beforeEach, faults: tooLarge('**/000*.jpg') });
    const first = begin('--yes');
    await expect.poll(() => readFailureFiles(join(dir, '.backfill'))).toHaveLength(20);
    first.stop.abort();
    const { out: stopped } = await first.ended;
    gate.open();

    const { exitCode, out, err } = await run();

    expect(stopped).toContain(' saved, 20 failed. Not finished');
    expect(err).toMatch(/Continuing: \d+ saved, 20 failed since/);
    expect(out).toContain('60 objects: 100 saved, 20 failed. Finished.');
    expect(exitCode).toBe(1);
    expect(await readFailureFiles(join(dir, '.backfill'))).toHaveLength(20);
  });

  it('all batches but a few stay the same after an upload between two runs', async () => {
    const gate = createGate();
    const { oss, begin, run, tasks, processed } = await startWith(300, { beforeEach: () => gate.isOpen });
    const payloads = () => [...tasks.byId.values()].map(({ taskPayload }) => JSON.parse(taskPayload));
    const first = begin('--yes');
    await expect.poll(() => payloads().flatMap(({ objects }) => objects).length).toBe(300);
    first.stop.abort();
    await first.ended;
    await oss.call({ method: 'PUT', bucket: 'photos', key: 'uploads/0180a.jpg', body: 'new' });
    gate.open();

    const { out } = await run();

    expect(out).toContain('301 objects: 602 saved, 0 failed. Finished.');
    expect(new Set(processed).size).toBe(602);
    expect(processed.length).toBeLessThan(602 + 100);
  });

  it('batches that a list of keys names twice are made once, and all their objects are counted', async () => {
    const { run, dir, tasks } = await startWith(2);
    const list = ['0000', ...Array(100).fill('0001')].map((name) => `oss://photos/uploads/${name}.jpg\n`);
    await writeFile(join(dir, 'keys.txt'), list.join(''));

    const { exitCode, out } = await run('--keys', join(dir, 'keys.txt'), '--yes');

    const counts = '101 objects: 0 saved, 0 failed, 100 named-twice, 102 saved-or-skipped. Finished.';
    expect([exitCode, out]).toEqual([0, expect.stringContaining(counts)]);
    expect(tasks.byId.size).toBe(3);
  });

  it.each([2, 30, 60])('batches hold no more than --max objects together: %i of 60', async (max) => {
    const { run, processed } = await startWith(60);

    const { out } = await run('--yes', '--max', String(max));

    expect(processed.length).toBe(2 * max);
    expect(out).toContain(`: ${2 * max} saved, 0 failed. ${max === 60 ? 'Finished' : 'Not finished'}`);
  });

  it('a backfill ends soon where all its batches fail by something that a setting heals', async () => {
    const { run, attempts } = await startWith(300, { faults: withFault('AccessDenied', '**') });

    const { exitCode, out, err } = await run('--yes');

    expect(err).toContain('the last 100 outputs all failed, the last one with: ');
    expect(err).toContain('The submitted batches go on: ');
    expect(out).toMatch(/: 0 saved, (\d+) failed\. Not finished: .* retries \1 of the failed outputs\.\n$/);
    expect(exitCode).toBe(1);
    expect(attempts.number).toBeGreaterThan(0);
  });

  it('batches are submitted again once the cause that ended the backfill is fixed', async () => {
    const { run, deploy } = await startWith(200);
    deploy(rulesText, 'wrong');
    const hopeless = await run('--yes');
    deploy(rulesText);

    const { exitCode, out } = await run();

    expect(hopeless.err).toContain('the last 100 outputs all failed');
    expect(hopeless.out).toMatch(/: 0 saved, (\d+) failed\. Not finished: .* retries \1 of the failed/);
    expect(out).toContain('200 objects: 400 saved, 0 failed. Finished.');
    expect(exitCode).toBe(0);
  });

  it.each([true, false])('batches go on behind broken pictures (told which: %s)', async (mayTell) => {
    const keys = Array.from({ length: 12 }, (_, i) => `**/${String(i * 25 + 7).padStart(4, '0')}.jpg`);
    const { run } = await startWith(300, { mayTell, faults: withFault('ImageTooLarge', ...keys) });

    const { out } = await run('--yes');

    expect(out).toContain('300 objects: ');
    expect(out).toContain(' failed. Finished.');
  });

  it('batches are stopped before the same backfill starts over', async () => {
    const gate = createGate();
    const { begin, tasks, run } = await startWith(100, { beforeEach: () => gate.isOpen });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(4);
    first.stop.abort();
    await first.ended;
    const earlier = [...tasks.byId.values()];

    const second = begin('--restart', '--yes');
    await expect.poll(() => tasks.byId.size).toBe(8);
    expect(earlier.map(({ status }) => status)).toEqual(['Stopping', 'Stopped', 'Stopped', 'Stopped']);
    second.stop.abort();
    const { err } = await second.ended;
    const { out } = await run('--stop');
    gate.open();

    expect(err).toContain('4 batches of the previous backfill were stopped.');
    expect(out).toContain('4 batches stopped.');
  });

  it('batches go on after Ctrl-C, and the command says so', async () => {
    const gate = createGate();
    const { begin, tasks } = await startWith(30, { beforeEach: () => gate.isOpen });
    const first = begin('--yes');
    await expect.poll(() => tasks.byId.size).toBe(2);
    first.stop.abort();
    const { err } = await first.ended;
    gate.open();

    expect(err).toContain('The submitted batches go on: the same command with --stop stops them.');
    expect(err).not.toContain('Waiting for the calls');
    expect(err).not.toContain('throttled');
  });
});
