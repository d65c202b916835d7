import { describe, expect, it } from 'vitest';
import { createHistory } from '../../../src/local/page/server/history.ts';
import { planEvent } from '../../../src/local/page/server/plan.ts';
import { ruleSetOf } from '../../rules/rule-sets.ts';

const object = { bucket: 'photos', key: 'uploads/a.jpg' };
const target = { bucket: 'photos', key: 'derived/a.webp' };
const outputs = [{ rule: 'small', target, process: 'p', decoded: 'd' }];

function start(now = Date.now) {
  const history = createHistory(() => [{ object, outputs }], now);
  history.take({ type: 'delivery', requestId: 'r1', event: {} });
  return history;
}

const line = (text: string) => ({
  type: 'log' as const,
  level: 'info' as const,
  message: 'function output',
  fields: { requestId: 'r1', line: text },
});

describe('the plan of an event on the page', () => {
  it('the plan of an event on the page says that an object was removed, whether its outputs go with it or stay', () => {
    const oss = { bucket: { name: 'photos' }, object: { key: 'uploads/a.jpg' } };
    const event = { events: [{ eventName: 'ObjectRemoved:DeleteObject', oss }] };
    const outputsOf = [{ style: 'image/info', target: { key: 'derived/{key}' } }];
    const ruleSetFor = (more: object) =>
      ruleSetOf({ rules: [{ name: 'r', match: { key: 'uploads/*' }, outputs: outputsOf, ...more }] });

    for (const more of [{}, { onRemove: 'delete' }]) {
      expect(planEvent(event, ruleSetFor(more).rules)).toEqual([{ object, outputs: [], reason: 'removed' }]);
    }
  });
});

describe('the history of the stack', () => {
  it('reads the result of an output from the line that the function logged', () => {
    const fields = {
      status: 'saved',
      rule: 'small',
      bucket: 'photos',
      key: 'uploads/a.jpg',
      targetBucket: 'photos',
      targetKey: 'derived/a.webp',
      sizeBytes: 12,
      durationMs: 34,
    };
    const [entry] = start().take(line(JSON.stringify(fields)));

    expect(entry).toMatchObject({
      kind: 'result',
      status: 'saved',
      rule: 'small',
      object,
      target,
      sizeBytes: 12,
    });
  });

  it('the history of the stack keeps any other line as it is, with the object that its invocation is about', () => {
    expect(start().take(line('not JSON'))).toMatchObject([{ kind: 'log', text: 'not JSON', object }]);
    expect(start().take(line('{"status":"saved"}'))).toMatchObject([{ kind: 'log', object }]);
  });

  it('tells of an object what was made of it, and of a result what it was made of', () => {
    const history = start();
    history.take(
      line(
        '{"status":"saved","bucket":"photos","key":"uploads/a.jpg","targetBucket":"photos","targetKey":"derived/a.webp"}',
      ),
    );

    expect(history.about(object).map(({ kind }) => kind)).toEqual(['delivery', 'result']);
    expect(history.about(target).map(({ kind }) => kind)).toEqual(['result']);
    expect(history.about({ bucket: 'other', key: 'uploads/a.jpg' })).toEqual([]);
  });

  it('tells of a task that it was submitted, and later how it ended', () => {
    const history = start();
    const about = {
      ...{ bucket: 'photos', key: 'uploads/a.jpg', targetBucket: 'photos', targetKey: 'derived/a.webp' },
      ...{ rule: 'small', taskId: 'T' },
    };
    for (const status of ['submitted', 'saved']) {
      history.take(line(JSON.stringify({ status, ...about })));
    }

    expect(history.about(target)).toMatchObject([
      { kind: 'result', status: 'submitted', rule: 'small', object },
      { kind: 'result', status: 'saved', rule: 'small', object },
    ]);
  });

  it('gives a page that knew an earlier process what has happened in this one', () => {
    const known = start(() => 1_000).lastId();
    const restarted = start(() => 1_020);

    expect(restarted.after(known)).toMatchObject([{ kind: 'delivery', timeMs: 1_020 }]);
    expect(restarted.after(restarted.lastId())).toEqual([]);
  });

  it('gives a page that was away what it missed', () => {
    const history = start();
    const [first] = history.after(0);
    history.take(line('later'));

    expect(history.after(first?.id ?? 0)).toMatchObject([{ kind: 'log', text: 'later' }]);
  });
});
