import { effect, signal } from '@preact/signals';
import pLimit from 'p-limit';
import type { Entry, PageState } from '../wire.ts';

/** Undefined until the server has answered for the first time. */
export const state = signal<PageState | undefined>(undefined);
export const isConnected = signal(true);
/** Increases with every connection: a new one may be to another server, with other objects and rules. */
const connections = signal(0);

/** Resolves to the state as soon as there is one. */
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

/** Calls the listener with everything that happens from now on; the returned function ends that. */
export function onEntry(listener: (entry: Entry) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Changes within this time are handled together. */
export const pauseMs = 150;

interface Reader<T> {
  read: () => Promise<T>;
  take: (answer: T) => void;
  /** Called if there is no answer; by default the page's banner shows the reason. */
  fail?: ((error: unknown) => void) | undefined;
  /** Absent if no entry should make it read again. */
  concerns?: (entry: Entry) => boolean;
  firstMs?: number;
}

/**
 * Reads now or shortly, again shortly after each entry that concerns the reader, and on each new connection.
 * Reads wait for each other, so that no late answer replaces a newer one. The returned function ends it all.
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
 * Follows the stack while the page is visible. A hidden page closes its connection: browsers allow six per
 * server, and many open pages would use them up. Missed entries are sent when the page is visible again.
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
