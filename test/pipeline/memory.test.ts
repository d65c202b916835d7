import { describe, expect, it } from 'vitest';
import { createMemory, recall, remember } from '../../src/pipeline/memory.ts';
import type { Outcome, SaveTask } from '../../src/pipeline/result.ts';

const objects = { source: { bucket: 'b', key: 'k' }, target: { bucket: 'b', key: 't' } };
const task: SaveTask = {
  action: 'save',
  rule: 'r',
  ...objects,
  style: 's',
  process: 's|sys/saveas,o_dA,b_Yg',
  version: { eTag: 'V1' },
};
const saved: Outcome = { status: 'saved', rule: 'r', ...objects, attempts: 1, durationMs: 1 };
const failed = { status: 'failed', rule: 'r', code: 'X', message: 'why' } as const;
const skipped = { status: 'skipped', rule: 'r', ...objects } as const;

describe('the memory of an instance', () => {
  it('the memory of an instance knows a task by its request id, until nothing is left to be repeated', () => {
    const instance = createMemory();
    remember(instance.open('A'), task, saved);

    expect(recall(instance.open('A'), task)).toEqual({ ...skipped, reason: 'already-saved' });
    expect(recall(instance.open('B'), task)).toBeUndefined();
    instance.forget('A');
    expect(recall(instance.open('A'), task)).toBeUndefined();
  });

  it('the memory of an instance holds the last eight events', () => {
    const instance = createMemory();
    for (let i = 1; i <= 9; i += 1) {
      remember(instance.open(`FC-${i}`), task, saved);
    }

    expect(recall(instance.open('FC-2'), task)).toBeDefined();
    expect(recall(instance.open('FC-1'), task)).toBeUndefined();
  });

  it('the memory of an instance holds ten thousand tasks beside the event at hand, the latest ones', () => {
    const instance = createMemory();
    const fill = (id: string, tasks: number) => {
      const memory = instance.open(id);
      for (let i = 0; i < tasks; i += 1) {
        remember(memory, { ...task, rule: `r${i}` }, saved);
      }
    };
    fill('FC-1', 6_000);
    fill('FC-2', 4_000);
    fill('FC-3', 3_000);
    fill('FC-4', 10_000);

    const sizes = ['FC-4', 'FC-3', 'FC-2', 'FC-1'].map((id) => instance.open(id).size);
    // The fourth event made room by the first one, and the third, when it came again, by the second.
    expect(sizes).toEqual([10_000, 3_000, 0, 0]);
  });

  it('the memory of an instance keeps nothing outside Function Compute, where nothing has a request id', () => {
    const instance = createMemory();
    remember(instance.open(''), task, saved);

    expect(recall(instance.open(''), task)).toBeUndefined();
  });

  it('the memory of an instance takes another version of the source for another task', () => {
    const memory = createMemory().open('A');
    remember(memory, task, saved);

    expect(recall(memory, { ...task, version: { eTag: 'V2' } })).toBeUndefined();
  });

  it.each<[string, Outcome, boolean]>([
    ['what failed for good', { ...failed, ...objects, kind: 'permanent' }, true],
    ['what may heal', { ...failed, ...objects, kind: 'transient' }, false],
    [
      'what was saved without its properties',
      { ...failed, ...objects, kind: 'transient', isSaved: true },
      true,
    ],
    ['what was removed', { ...saved, status: 'removed' }, true],
    ['what was larger than its source', { ...skipped, reason: 'larger-than-source' }, false],
    ['what was there already', { ...skipped, reason: 'target-exists' }, false],
  ])('the memory of an instance keeps %s or leaves it to be tried again', (_, outcome, isKept) => {
    const memory = createMemory().open('A');
    remember(memory, task, outcome);

    expect(recall(memory, task)).toEqual(isKept ? outcome : undefined);
  });
});
