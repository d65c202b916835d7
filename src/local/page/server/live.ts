import type { ServerResponse } from 'node:http';
import type { Entry, PageState } from '../wire.ts';

/** Creates the stream that tells open pages what happens. `state` is sent when it has changed. */
export function createLive(state: () => PageState) {
  const pages = new Set<ServerResponse>();
  let told = '';

  return {
    /** Answers a request for events: missed ones, the state with the last id, then all that happens. */
    connect: (response: ServerResponse, missed: readonly Entry[], lastId: number): void => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const known = `id: ${lastId}\nevent: state\ndata: ${JSON.stringify(state())}\n\n`;
      response.write(missed.map(format).join('') + known);
      pages.add(response);
      told = ''; // This page may have another state than the others.
      response.on('close', () => pages.delete(response));
    },
    /** Sends entries to all pages, and the state if it has changed. */
    tell: (entries: readonly Entry[]): void => {
      const now = JSON.stringify(state());
      const change = now === told ? '' : `event: state\ndata: ${now}\n\n`;
      told = now;
      const text = entries.map(format).join('') + change;
      for (const page of pages) {
        page.write(text);
        // More than the whole history is waiting: the page will reconnect if it is still reading.
        if (page.writableLength > 20_000_000) {
          page.destroy();
        }
      }
    },
  };
}

function format(entry: Entry): string {
  return `event: entry\nid: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`;
}
