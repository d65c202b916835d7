import { describe, expect, it } from 'vitest';
import { OutputsFailed } from '../src/pipeline/report.ts';
import { digestOfRules } from '../src/rules/digest.ts';
import { RulesError } from '../src/rules/rule-set.ts';
import { agent, expectCalls, handlerOf, origin, rules, saved } from './handler-fixture.ts';
import { ruleSetOf } from './rules/rule-sets.ts';

describe('an invocation by hand', () => {
  it('an invocation by hand takes the options of a manual event for its own objects only', async () => {
    expectCalls('/u/b.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));

    const report = await handlerOf().handle([
      { bucket: 'photos', key: 'u/a.jpg', dryRun: true },
      { bucket: 'photos', key: 'u/b.jpg' },
    ]);

    expect(report).toMatchObject({ planned: 2, saved: 2 });
  });

  it('an invocation by hand only plans in a dry run: no call, no credentials', async () => {
    const report = await handlerOf().handle(
      { bucket: 'photos', key: 'u/a.jpg', dryRun: true },
      { region: 'cn-hangzhou' },
    );

    expect(report).toMatchObject({
      planned: 2,
      saved: 0,
      results: [{ status: 'planned', target: { key: 'd/a-1' } }, {}],
    });
  });

  it('an invocation by hand takes a style and target of the event in place of the rules, outputs of ours included', async () => {
    expectCalls('/d/a-1', 1, (target) => ({ statusCode: 200, data: saved(target) }));

    const target = { key: 'x/{base}.png' };
    const report = await handlerOf().handle({
      bucket: 'photos',
      key: 'd/a-1',
      style: 'image/format,png',
      target,
    });

    expect(report).toMatchObject({ saved: 1, results: [{ rule: 'manual', target: { key: 'x/a-1.png' } }] });
  });

  it('an invocation by hand leaves alone what is there where only missing outputs are wanted', async () => {
    const headers = { 'x-oss-request-id': 'R' };
    const look = { path: (sent: string) => sent.startsWith('/d/a-'), method: 'HEAD' };
    agent.get(origin).intercept(look).reply(200, '', { headers }).times(2);

    const event = { bucket: 'photos', key: 'u/a.jpg', onlyMissing: true };
    const report = await handlerOf().handle(event);

    expect(report).toMatchObject({ saved: 0, skipped: 2, results: [{ reason: 'target-exists' }, {}] });
  });

  it('an invocation asks OSS for the facts that a rule needs and a manual event lacks', async () => {
    const sized = {
      rules: [{ ...rules.rules[0], match: { key: 'u/**', size: { max: 100 }, contentType: 'image/*' } }],
    };
    const { handle } = handlerOf({}, sized);
    const head = (key: string, length: number) =>
      agent
        .get(origin)
        .intercept({ path: `/u/${key}`, method: 'HEAD' })
        .reply(200, '', {
          headers: {
            'content-length': String(length),
            'content-type': 'image/png',
            etag: '"E"',
            'x-oss-request-id': 'R',
          },
        });
    head('small', 100);
    head('large', 101);
    expectCalls('/u/small', 2, (target) => ({ statusCode: 200, data: saved(target) }));

    const report = await handle({ bucket: 'photos', keys: ['u/small', 'u/large'] });

    expect(report).toMatchObject({ saved: 2, skipped: 1 });
  });

  it('an invocation fails, and does not skip, an object whose facts cannot be had', async () => {
    const sized = { rules: [{ ...rules.rules[0], match: { key: 'u/**', size: { max: 100 } } }] };
    agent.get(origin).intercept({ path: '/u/gone', method: 'HEAD' }).reply(404, '');
    const { handle } = handlerOf({}, sized);

    await expect(handle({ bucket: 'photos', key: 'u/gone' })).rejects.toThrow(
      'HeadObject oss://photos/u/gone failed: 404',
    );
  });

  it('an invocation is refused for a wrong output of the event, and nothing is sent', async () => {
    const event = { bucket: 'photos', key: 'u/a', style: 'image/info', target: { key: '{nmae}' } };

    await expect(handlerOf().handle(event)).rejects.toThrow(OutputsFailed);
    await expect(handlerOf().handle(event)).rejects.toThrow(
      'InvalidEvent: target.key: expected one of {key}',
    );
  });

  it('an invocation works off an upload beside a manual event whose output is wrong, and names that', async () => {
    expectCalls('/u/b.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));
    const upload = {
      eventName: 'ObjectCreated:PutObject',
      oss: { bucket: { name: 'photos' }, object: { key: 'u/b.jpg', size: 5 } },
    };
    const wrong = { bucket: 'photos', key: 'u/a', style: 'image/resize,w_{name}', target: { key: 'x' } };

    const thrown = await handlerOf()
      .handle([{ events: [upload] }, wrong])
      .catch((error: unknown) => error);

    expect(thrown).toMatchObject({ report: { saved: 2, failed: 1 } });
    expect(thrown).toMatchObject({
      message: expect.stringContaining('InvalidEvent: [1].style: expected one of {key}'),
    });
  });

  it.each([
    ['same.jpg', ['u/1.jpg', 'u/2.jpg']],
    ['x/{ext}', ['u/1.jpg', 'u/2.jpg']],
    ['x/{{a}}', ['u/1.jpg', 'u/2.jpg']],
    ['x/{name}', ['u/1.jpg', 'u/v/1.jpg']],
  ])(
    'an object of a manual event is refused whose target %s another of them has already',
    async (key, keys) => {
      expectCalls('/u/1.jpg', 1, (target) => ({ statusCode: 200, data: saved(target) }));
      const event = { bucket: 'photos', keys, style: 'image/info', target: { key } };

      const thrown = await handlerOf()
        .handle(event)
        .catch((error: unknown) => error);

      expect(thrown).toMatchObject({ report: { saved: 1, failed: 1 } });
      expect(thrown).toMatchObject({
        message: expect.stringContaining('expected a key of its own for each object'),
      });
    },
  );

  it('objects of a manual event have targets of their own by an ETag, which OSS is asked for', async () => {
    const event = {
      bucket: 'photos',
      keys: ['u/1.jpg', 'u/2.jpg'],
      style: 'image/info',
      target: { key: 'x/{etag}' },
    };
    for (const key of ['1', '2']) {
      const headers = { 'content-length': '5', etag: `"E${key}"`, 'x-oss-request-id': 'R' };
      agent
        .get(origin)
        .intercept({ path: `/u/${key}.jpg`, method: 'HEAD' })
        .reply(200, '', { headers });
      expectCalls(`/u/${key}.jpg`, 1, (target) => ({ statusCode: 200, data: saved(target) }));
    }

    expect(await handlerOf().handle(event)).toMatchObject({ saved: 2, failed: 0 });
  });

  it.each<[string, number, object]>([
    ['asks for an output of its own', 1, { style: 'image/info', target: { key: 'x/{base}' } }],
    ['says so, as that of a backfill', 2, { alwaysThrows: true }],
  ])(
    'an invocation by hand throws where an event %s, whatever the rules say of permanent failures',
    async (_, count, more) => {
      const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });
      const error = { statusCode: 400, data: '<Error><Code>InvalidArgument</Code></Error>' };
      expectCalls('/u/a.jpg', count, () => error);
      const event = { bucket: 'photos', key: 'u/a.jpg', ...more };

      await expect(handle(event)).rejects.toThrow(`${count} for good, 0 to be tried again`);
    },
  );

  const others = { ...rules.rules[0], name: 'other' };
  const otherDigest = digestOfRules(ruleSetOf({ rules: [others] }).rules);

  it('an invocation by hand makes the outputs of an event that was planned by the very rules of the function', async () => {
    expectCalls('/u/a.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));
    const rulesDigest = digestOfRules(ruleSetOf(rules).rules);

    const report = await handlerOf().handle({ bucket: 'photos', key: 'u/a.jpg', rulesDigest });

    expect(report).toMatchObject({ saved: 2 });
  });

  it.each([{}, { dryRun: true }, { style: 'image/info', target: { key: 'x/{name}' } }])(
    'an invocation by hand makes nothing of an event that was planned by other rules than those of the function, and says so once: %j',
    async (more) => {
      const objects = [
        { bucket: 'photos', key: 'u/a.jpg' },
        { bucket: 'photos', key: 'u/b.jpg' },
      ];
      const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });

      const ended = handle({ objects, rulesDigest: otherDigest, ...more });

      await expect(ended).rejects.toThrow(RulesError);
      await expect(ended).rejects.toThrow(
        /^rulesDigest: the event was planned by other rules \("\w{12}"\) than those of this function \("\w{12}"\): build .* and deploy the function again\.$/,
      );
    },
  );

  it('an invocation by hand makes the outputs of an upload beside an event that was planned by other rules', async () => {
    expectCalls('/u/b.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));
    const stale = { bucket: 'photos', key: 'u/a.jpg', rulesDigest: otherDigest };

    const thrown = await handlerOf()
      .handle([stale, { bucket: 'photos', key: 'u/b.jpg' }])
      .catch((error: unknown) => error);

    expect(thrown).toMatchObject({ report: { saved: 2, failed: 1 } });
    expect(thrown).toMatchObject({ message: expect.stringContaining('planned by other rules') });
  });
});
