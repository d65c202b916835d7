import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createHandler } from '../src/handler.ts';
import { createAgent } from '../src/oss/request.ts';
import { OutputsFailed } from '../src/pipeline/report.ts';
import { readSettings } from '../src/settings.ts';
import { agent, context, expectCalls, handlerOf, output, rules, saved } from './handler-fixture.ts';
import { listen } from './oss/listening.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

describe('the deadline of an invocation', () => {
  it('an invocation names an object once for which no time was left, however many outputs it has', async () => {
    const many = { ...output, vary: { w: Array.from({ length: 100 }, (_, i) => i) } };
    let nowMs = 0;
    const unstartedAt: number[] = [];
    const invoke = createHandler({
      settings: readSettings({ CONCURRENCY: '1' }, '/code'),
      ruleSet: ruleSetOf({ rules: [{ ...rules.rules[0], outputs: [many] }] }),
      dispatcher: agent,
      defaultCredentials: () => Promise.reject(new Error('no chain here')),
      write: (line) => {
        if (JSON.parse(line).code === 'Deadline') {
          unstartedAt.push(nowMs);
        }
      },
      // Each look at the clock costs ten milliseconds.
      now: () => (nowMs += 10),
      random: () => 0,
      callSettings: { maxAttempts: 1, credentials: () => Promise.reject(new Error('none')) },
    });
    const keys = Array.from({ length: 100 }, (_, i) => `u/${i}`);
    const event = Buffer.from(JSON.stringify({ bucket: 'photos', keys }));

    const thrown = await invoke(event, context).catch((reason: unknown) => reason);

    expect(thrown).toMatchObject({ report: { failed: expect.any(Number) } });
    const { results } = thrown instanceof OutputsFailed ? thrown.report : { results: [] };
    const named = results.flatMap(({ source }) => source?.key ?? []);
    expect(new Set(named)).toEqual(new Set(keys));
    // A second of ten is kept free, in which a few objects with a hundred outputs each were begun.
    expect(results.length).toBeLessThan(1_000);
    expect(unstartedAt[0]).toBeGreaterThanOrEqual(9_000);
    expect(unstartedAt[0]).toBeLessThan(9_100);
  });

  it('an invocation starts its outputs even where the timeout is a second', async () => {
    expectCalls('/u/a.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));

    const report = await handlerOf().handle(
      { bucket: 'photos', key: 'u/a.jpg' },
      { ...context, function: { timeout: 1 } },
    );

    expect(report).toMatchObject({ saved: 2 });
  });

  it('an invocation whose clock is put back by an hour ends at its deadline all the same', async () => {
    const endpoint = await listen(() => {}); // It never answers.
    const silent = createAgent();
    onTestFinished(() => silent.destroy());
    const clock = vi.spyOn(Date, 'now');
    onTestFinished(() => clock.mockRestore());
    const { handle } = handlerOf({ OSS_ENDPOINT: endpoint, CONCURRENCY: '1' }, rules, { dispatcher: silent });

    const ended = handle({ bucket: 'photos', key: 'u/a.jpg' }, { ...context, function: { timeout: 0.2 } });
    clock.mockReturnValue(Date.now() - 3_600_000);

    const error = await ended.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ report: { failed: 2 } });
  });
});
