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
    source.addEventListener('state', ({ data }) => {
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
