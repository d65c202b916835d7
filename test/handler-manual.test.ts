import { describe, expect, it } from 'vitest';
import { EventError } from '../src/events/object-event.ts';
import { agent, expectCalls, handlerOf, origin, rules, saved } from './handler-fixture.ts';

describe('an invocation by hand', () => {
  it('takes the options of a manual event for its own objects only', async () => {
    expectCalls('/u/b.jpg', 2, (target) => ({ statusCode: 200, data: saved(target) }));

    const report = await handlerOf().handle([
      { bucket: 'photos', key: 'u/a.jpg', dryRun: true },
      { bucket: 'photos', key: 'u/b.jpg' },
    ]);

    expect(report).toMatchObject({ planned: 2, saved: 2 });
  });

  it('only plans in a dry run: no call, no credentials', async () => {
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

  it('takes a style and target of the event in place of the rules, outputs of ours included', async () => {
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

    await expect(handlerOf().handle(event)).rejects.toThrow(EventError);
    await expect(handlerOf().handle(event)).rejects.toThrow('target.key: expected one of {key}');
  });

  it('throws for what an event asks for by itself, whatever the rules say of permanent failures', async () => {
    const { handle } = handlerOf({}, { ...rules, onPermanentFailure: 'report' });
    const error = { statusCode: 400, data: '<Error><Code>InvalidArgument</Code></Error>' };
    expectCalls('/u/a.jpg', 1, () => error);
    const event = { bucket: 'photos', key: 'u/a.jpg', style: 'image/info', target: { key: 'x/{base}' } };

    await expect(handle(event)).rejects.toThrow('1 for good');
  });
});
