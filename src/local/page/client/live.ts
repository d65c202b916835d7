import { effect, signal } from '@preact/signals';
import type { Entry, PageState } from '../wire.ts';

/** Undefined until the server has answered for the first time. */
export const state = signal<PageState | undefined>(undefined);
export const isConnected = signal(true);

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

/** Changes are gathered for so long. */
export const pauseMs = 150;

/** Reads now or in a moment, and again a moment after each entry that concerns the reader; the answer ends that. */
export function readAlong(
  read: (ending: AbortSignal) => void,
  concerns: (entry: Entry) => boolean,
  firstMs = 0,
): () => void {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const readIn = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      read(ending.signal);
    }, ms);
  };
  readIn(firstMs);
  const stop = onEntry((entry) => concerns(entry) && readIn(pauseMs));
  return () => {
    ending.abort();
    clearTimeout(timer);
    stop();
  };
}

/**
 * Follows the stack while the page is seen. A hidden page lets go of its connection: browsers have six for one
 * server, and many open pages would use them up. What was missed is told when it is seen again.
 */
export function startLive(): void {
  let source: EventSource | undefined;
  let lastId = '';
  const open = () => {
    source = new EventSource(`/-/page/live?after=${lastId}`);
    source.onopen = () => {
      isConnected.value = true;
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
