import type { ServerResponse } from 'node:http';
import type { Entry, PageState } from '../wire.ts';

/** Makes the stream by which open pages hear what happens; `state` is sent where it has changed. */
export function createLive(state: () => PageState) {
  const pages = new Set<ServerResponse>();
  let told = '';

  return {
    /** Answers a request for events: what was missed, the state under the last id, then all that happens. */
    connect: (response: ServerResponse, missed: readonly Entry[], lastId: number): void => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
      const known = `id: ${lastId}\nevent: state\ndata: ${JSON.stringify(state())}\n\n`;
      response.write(missed.map(format).join('') + known);
      pages.add(response);
      told = ''; // This page may know another state than the others.
      response.on('close', () => pages.delete(response));
    },
    /** Tells all pages of entries, and of the state where it changed. */
    tell: (entries: readonly Entry[]): void => {
      const now = JSON.stringify(state());
      const change = now === told ? '' : `event: state\ndata: ${now}\n\n`;
      told = now;
      const text = entries.map(format).join('') + change;
      for (const page of pages) {
        page.write(text);
        // More than the whole history waits: the page connects again where it still reads.
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
