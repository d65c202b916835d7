import { effect, signal } from '@preact/signals';
import pLimit from 'p-limit';
import type { Entry, PageState } from '../wire.ts';

/** Undefined until the server has answered for the first time. */
export const state = signal<PageState | undefined>(undefined);
export const isConnected = signal(true);
/** Grows with every connection: behind a new one may be another server, with other objects and rules. */
const connections = signal(0);

/** The state, as soon as there is one. */
export function knownState(): Promise<PageState> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (state.value !== undefined) {
        resolve(state.value);
        queueMicrotask(() => stop());
      }
    });
  });
}

const listeners = new Set<(entry: Entry) => void>();

/** Calls the listener with everything that happens from now on; the answer ends that. */
export function onEntry(listener: (entry: Entry) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Changes are gathered for this long. */
export const pauseMs = 150;

interface Reader<T> {
  read: () => Promise<T>;
  take: (answer: T) => void;
  /** Hears why there was no answer; the page's banner says it where nobody does. */
  fail?: ((error: unknown) => void) | undefined;
  /** Absent where no entry makes it read again. */
  concerns?: (entry: Entry) => boolean;
  firstMs?: number;
}

/**
 * Reads now or in a moment, a moment after each entry that concerns the reader, and on each new connection.
 * Readings wait for each other, so that no late answer replaces a newer one; what this returns ends it all.
 */
export function readAlong<T>({ read, take, fail, concerns, firstMs = 0 }: Reader<T>): () => void {
  const inTurn = pLimit(1);
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const readNow = async () => {
    timer = undefined;
    const answer = await read();
    if (!isOver) {
      take(answer);
    }
  };
  const readIn = (ms: number) => {
    timer ??= setTimeout(() => inTurn(readNow).catch(fail), ms);
  };
  const stopConnections = effect(() => {
    if (connections.value > 0) {
      readIn(firstMs);
    }
  });
  const stopEntries = onEntry((entry) => concerns?.(entry) && readIn(pauseMs));
  return () => {
    isOver = true;
    clearTimeout(timer);
    stopConnections();
    stopEntries();
  };
}

/**
 * Follows the stack while the page is seen. A hidden page lets go of its connection: browsers have six for
 * one server, and many open pages would use them up. What was missed is told when it is seen again.
 */
export function startLive(): void {
  let source: EventSource | undefined;
  let lastId = '';
  const open = () => {
    source = new EventSource(`/-/page/live?after=${lastId}`);
    source.onopen = () => {
      isConnected.value = true;
      connections.value += 1;
    };
    source.onerror = () => {
      isConnected.value = false;
    };
    source.addEventListener('state', ({ data, lastEventId }) => {
      lastId = lastEventId;
      state.value = JSON.parse(data);
    });
    source.addEventListener('entry', ({ data, lastEventId }) => {
      lastId = lastEventId;
      const entry: Entry = JSON.parse(data);
      for (const listener of listeners) {
        listener(entry);
      }
    });
  };
  const follow = () => {
    source?.close();
    if (!document.hidden) {
      open();
    }
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}
