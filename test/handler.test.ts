import { describe, expect, it } from 'vitest';
import { EventError } from '../src/events/object-event.ts';
import { OutputsFailed } from '../src/pipeline/report.ts';
import { parseRuleSet } from '../src/rules/rule-set.ts';
import { SettingsError } from '../src/settings.ts';
import {
  agent,
  context,
  expectCalls,
  handlerOf,
  origin,
  output,
  responseOptions,
  rules,
  saved,
} from './handler-fixture.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

describe('an invocation', () => {
  it('an invocation saves every output and returns the report', async () => {
    let nowMs = Date.now();
    expectCalls('/u/a.jpg', 2, (target) => {
      nowMs += 40;
      return { statusCode: 200, data: saved(target) };
    });
    const { handle, lines } = handlerOf({}, rules, { now: () => nowMs });

    const report = await handle({ bucket: 'photos', key: 'u/a.jpg' });

    expect(report).toMatchObject({ requestId: 'FC-1', saved: 2, skipped: 0, failed: 0, durationMs: 80 });
    expect(report.results).toMatchObject([
      { status: 'saved', target: { key: 'd/a-1' }, requestId: 'OSS-1', sizeBytes: 5 },
      { status: 'saved', target: { key: 'd/a-2' } },
    ]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 'info',
        message: 'output saved',
        requestId: 'FC-1',
        ossRequestId: 'OSS-1',
        bucket: 'photos',
        targetKey: 'd/a-1',
      },
      {
        message: 'output saved',
        rule: 'r',
        key: 'u/a.jpg',
        targetBucket: 'photos',
        targetKey: 'd/a-2',
        attempts: 1,
      },
      { message: 'invocation finished', saved: 2, failed: 0 },
    ]);
  });

  it('an invocation writes one line of log for an event with one result, in a dry run one for the whole', async () => {
    const { handle, lines } = handlerOf();

    await handle({ bucket: 'photos', key: 'other.txt' });
    await handle({ bucket: 'photos', key: 'u/a.jpg', dryRun: true });
    await handle({ bucket: 'photos', key: 'other.txt', dryRun: true });

    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { message: 'object skipped', reason: 'no-rule-matched', requestId: 'FC-1', key: 'other.txt' },
      { message: 'invocation finished', planned: 2 },
      { message: 'invocation finished', skipped: 1 },
    ]);
  });

  it.each([
    ['makes', 600, { saved: 1 }],
    ['leaves', 60, { skipped: 1 }],
  ])(
    'an invocation %s a target again that was saved minutes later, within a timeout of %i s',
    async (_, timeout, ends) => {
      const stale = { ...output, vary: { w: [1] }, refresh: 'stale' };
      const { handle } = handlerOf({}, { rules: [{ ...rules.rules[0], outputs: [stale] }] });
      const headers = { 'x-oss-request-id': 'R', 'last-modified': 'Wed, 11 Mar 2026 06:26:00 GMT' };
      agent.get(origin).intercept({ path: '/d/a-1', method: 'HEAD' }).reply(200, '', { headers });
      if ('saved' in ends) {
        expectCalls('/u/a.jpg', 1, (target) => ({ statusCode: 200, data: saved(target) }));
      }
      const oss = { bucket: { name: 'photos' }, object: { key: 'u/a.jpg' } };
      const event = { eventName: 'ObjectCreated:PutObject', eventTime: '2026-03-11T06:21:35Z', oss };

      const report = await handle({ events: [event] }, { ...context, function: { timeout } });

      expect(report).toMatchObject(ends);
    },
  );

  it('an invocation attempts everything, then throws with the report when something failed', async () => {
    const error = '<Error><Code>InvalidArgument</Code><Message>bad w</Message><EC>0040-1</EC></Error>';
    expectCalls('/u/a.jpg', 2, (target) =>
      target === 'd/a-1' ? { statusCode: 400, data: error } : { statusCode: 200, data: saved(target) },
    );
    const { handle, lines } = handlerOf();

    const thrown = await handle({ bucket: 'photos', key: 'u/a.jpg' }).catch((reason: unknown) => reason);

    expect(thrown).toBeInstanceOf(OutputsFailed);
    expect(thrown).toMatchObject({ name: 'OutputsFailed', report: { saved: 1, failed: 1 } });
    expect(String(thrown)).toContain('1 failed (1 for good, 0 to be tried again), 1 saved');
    expect(String(thrown)).toContain(
      '- permanent InvalidArgument oss://photos/u/a.jpg -> oss://photos/d/a-1 (rule r): ProcessObject',
    );
    expect(lines.some((line) => JSON.parse(line).message === 'output failed')).toBe(true);
  });

  it('an invocation only reports permanent failures where the rules say so, and still throws what may heal', async () => {
    const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });
    const answers = [404, 404, 404, 500, 500, 500];
    const gone = '<Error><Code>NoSuchKey</Code></Error>';
    expectCalls('/u/a.jpg', 6, () => ({ statusCode: answers.shift() ?? 0, data: gone }));

    await expect(handle({ bucket: 'photos', key: 'u/a.jpg' })).resolves.toMatchObject({ failed: 2 });
    await expect(handle({ bucket: 'photos', key: 'u/a.jpg' })).rejects.toThrow(
      '1 for good, 1 to be tried again',
    );
  });

  it.each(['Report', undefined])(
    'an invocation throws where the rules say %j of permanent failures',
    async (said) => {
      const text = JSON.stringify({ ...ruleSetOf(rules), onPermanentFailure: said });
      const { handle } = handlerOf({}, rules, { ruleSet: parseRuleSet(text, 'rules.json') });
      const gone = '<Error><Code>NoSuchKey</Code></Error>';
      expectCalls('/u/a.jpg', 2, () => ({ statusCode: 404, data: gone }));

      await expect(handle({ bucket: 'photos', key: 'u/a.jpg' })).rejects.toThrow('2 for good, 0 to be tried');
    },
  );

  it.each([
    ['a token that expired', 403, '<Error><Code>SecurityTokenExpired</Code></Error>'],
    ['a missing permission', 403, '<Error><Code>AccessDenied</Code></Error>'],
    ['a bucket that is not there', 404, '<Error><Code>NoSuchBucket</Code></Error>'],
    ['a lock', 409, '<Error><Code>Conflict</Code></Error>'],
    ['an answer that was cut off', 200, '{"bucket":"photos","obj'],
    ['the page of a proxy', 200, '<html>Welcome</html>'],
    ['the error page of a proxy', 400, '<html>Bad request</html>'],
    ['too early a request', 425, ''],
    ['a redirect', 307, ''],
  ])(
    'an invocation throws for %s even where the rules only report permanent failures',
    async (_, statusCode, data) => {
      const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });
      expectCalls('/u/a.jpg', 2, () => ({ statusCode, data }));

      await expect(handle({ bucket: 'photos', key: 'u/a.jpg' })).rejects.toThrow(
        '0 for good, 2 to be tried again',
      );
    },
  );

  it('an invocation names the outcome of a source in an archive class, which is permanent', async () => {
    const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });
    const archived = '<Error><Code>InvalidObjectState</Code><Message>restore it</Message></Error>';
    expectCalls('/u/a.jpg', 2, () => ({ statusCode: 403, data: archived }));

    const { results } = await handle({ bucket: 'photos', key: 'u/a.jpg' });

    expect(results).toMatchObject(Array(2).fill({ status: 'failed', kind: 'permanent', code: 'archived' }));
  });

  it.each(['1', '4'])('an invocation tries throttled calls again, of %s at once', async (CONCURRENCY) => {
    let calls = 0;
    expectCalls('/u/a.jpg', 3, (target) =>
      ++calls === 1
        ? { statusCode: 503, data: '<Error><Code>CpuLimitExceeded</Code></Error>' }
        : { statusCode: 200, data: saved(target) },
    );

    const { handle } = handlerOf({ CONCURRENCY }, rules, { random: () => 0 });
    const report = await handle({ bucket: 'photos', key: 'u/a.jpg' });

    expect(report).toMatchObject({ saved: 2, results: [{ attempts: 2 }, { attempts: 1 }] });
  });

  it.each([
    ['cn-hangzhou', 'its own region by the internal endpoint', origin],
    ['cn-beijing', 'another region by the public endpoint', 'https://photos.oss-cn-hangzhou.aliyuncs.com'],
  ])('a function in %s reaches buckets of %s', async (region, _, expected) => {
    const { handle } = handlerOf({ OSS_REGION: 'cn-hangzhou' });
    const intercepted = { path: (path: string) => path.startsWith('/u/a'), method: 'POST' };
    agent.get(expected).intercept(intercepted).reply(500, '').times(6);

    await expect(handle({ bucket: 'photos', key: 'u/a' }, { ...context, region })).rejects.toThrow('500');
  });

  it('a function reaches its bucket by a domain of its own where the settings name one', async () => {
    const { handle } = handlerOf({ OSS_ENDPOINT: 'https://img.example.com', OSS_CNAME: 'true' });
    const intercepted = { path: (path: string) => path.startsWith('/u/a'), method: 'POST' };
    agent.get('https://img.example.com').intercept(intercepted).reply(500, '').times(6);

    await expect(handle({ bucket: 'photos', key: 'u/a' })).rejects.toThrow('500');
  });

  it.each([
    ['once by a burst of throttling', 0, 4],
    ['again by one that comes a second later', 4, 2],
  ])('the calls that an invocation has under way are halved %s', async (_how, later, left) => {
    let [active, calls, nowMs] = [0, 0, 0];
    const actives: number[] = [];
    const many = { ...output, vary: { w: Array.from({ length: 40 }, (_, i) => i) } };
    const document = { rules: [{ ...rules.rules[0], outputs: [many] }] };
    const { handle } = handlerOf({ CONCURRENCY: '8' }, document, { now: () => nowMs });
    const throttled = { statusCode: 503, data: '<Error><Code>CpuLimitExceeded</Code></Error>' };
    agent
      .get(origin)
      .intercept({ path: (path) => path.startsWith('/u/a'), method: 'POST' })
      .reply((call) => {
        calls += 1;
        nowMs = calls > 16 ? 1_000 : 0;
        const isThrottled = calls <= 8 || (calls > 16 && calls <= 16 + later);
        actives.push(++active);
        setImmediate(() => (active -= 1));
        const target = Buffer.from(/o_([\w-]+)/.exec(String(call.body))?.[1] ?? '', 'base64url').toString();
        const answer = { statusCode: 200, data: saved(target), responseOptions };
        return isThrottled ? throttled : answer;
      })
      .times(40 + 8 + later);

    await handle({ bucket: 'photos', key: 'u/a' });

    expect(Math.max(...actives.slice(24))).toBe(left);
  });

  it('an invocation processes for a rule that needs no HEAD what another rule could not ask OSS about', async () => {
    const [plain] = rules.rules;
    const typed = { ...plain, name: 'typed', match: { key: 'u/**', contentType: 'image/png' } };
    const denied = '<Error><Code>AccessDenied</Code></Error>';
    const headers = { 'x-oss-request-id': 'R', 'x-oss-err': Buffer.from(denied).toString('base64') };
    agent.get(origin).intercept({ path: '/u/a', method: 'HEAD' }).reply(403, '', { headers });
    expectCalls('/u/a', 2, (target) => ({ statusCode: 200, data: saved(target) }));
    const { handle } = handlerOf({}, { rules: [plain, typed] });

    const thrown = await handle({ bucket: 'photos', key: 'u/a' }).catch((error: unknown) => error);

    expect(thrown).toMatchObject({ report: { saved: 2, failed: 1 } });
    expect(thrown).toMatchObject({ message: expect.stringContaining('HeadObject oss://photos/u/a failed') });
  });

  it.each([
    ['a bad event', { x: 1 }, {}, EventError],
    ['no region', { bucket: 'photos', key: 'u/a' }, {}, SettingsError],
  ])('an invocation is refused for %s by an error of that name', async (_, event, fc, type) => {
    await expect(handlerOf().handle(event, { ...context, region: '', ...fc })).rejects.toBeInstanceOf(type);
  });
});
