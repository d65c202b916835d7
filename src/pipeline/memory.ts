import { createHash } from 'node:crypto';
import type { Outcome, Task } from './result.ts';

/**
 * Remembers attempts at one event, by task: outputs that were saved or removed, and failures that no attempt
 * heals. Neither is paid for again when Function Compute repeats the event.
 */
export type TaskMemory = Map<string, Outcome>;

/** Between two attempts at an event an instance sees fewer others fail; one event has no more tasks. */
const [maxEvents, maxTasks] = [8, 10_000];

/** Makes an instance's memory of its last few events, by the id that their repetitions keep. */
export function createMemory() {
  const memories = new Map<string, TaskMemory>();
  const countTasks = () => [...memories.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    open: (requestId: string): TaskMemory => {
      const memory: TaskMemory = memories.get(requestId) ?? new Map();
      memories.delete(requestId);
      for (const oldest of memories.keys()) {
        if (memories.size >= maxEvents || countTasks() > maxTasks) {
          memories.delete(oldest);
        }
      }
      // Outside Function Compute nothing has an id, and nothing is repeated.
      if (requestId !== '') {
        memories.set(requestId, memory);
      }
      return memory;
    },
    /** Nothing of the event is left to be repeated. */
    forget: (requestId: string): void => void memories.delete(requestId),
  };
}

/** The outcome of a task that an earlier attempt settled, or saved without finishing it (`isSaved`). */
export function recall(memory: TaskMemory, task: Task): Outcome | undefined {
  const outcome = memory.size === 0 ? undefined : memory.get(nameOf(task));
  const { rule, source, target } = task;
  return outcome && { ...outcome, rule, source, target };
}

/** Keeps an outcome that no further attempt at the event should make again: processing costs money. */
export function remember(memory: TaskMemory, task: Task, outcome: Outcome): void {
  const kept = keptOf(outcome);
  if (kept !== undefined) {
    memory.set(nameOf(task), kept);
  }
}

function keptOf(outcome: Outcome): Outcome | undefined {
  switch (outcome.status) {
    case 'saved':
    case 'submitted':
      return { status: 'skipped', reason: `already-${outcome.status}` };
    case 'removed':
      return outcome;
    case 'skipped':
      return undefined; // Another instance may have made again what was larger than its source.
    case 'failed':
      return outcome.kind === 'permanent' || outcome.isSaved ? outcome : undefined;
  }
}

/** A digest, since keys may be long and outputs many. */
function nameOf(task: Task): string {
  return createHash('md5').update(JSON.stringify(task)).digest('base64');
}
