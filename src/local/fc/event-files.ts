import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fieldsOf } from '../../json.ts';

/** An event accepted for asynchronous invocation. `file` names it in the queue folder and as a dead letter. */
export interface QueuedEvent {
  file: string;
  requestId: string;
  event: unknown;
}

/** Names sort by the time of acceptance; no colons, which Windows refuses. */
export function eventFileName(acceptedAtMs: number, requestId: string): string {
  return `${new Date(acceptedAtMs).toISOString().replaceAll(':', '-')}-${requestId}.json`;
}

/** The events in `dir`, oldest first; what is none is set aside. */
export function listEventFiles(
  dir: string,
  setAside: (path: string, reason: unknown) => void,
): QueuedEvent[] {
  const files = readdirSync(dir).filter((file) => file.endsWith('.json'));
  return files.sort().flatMap((file) => {
    const path = join(dir, file);
    try {
      const { requestId, event } = fieldsOf(JSON.parse(readFileSync(path, 'utf8')));
      if (typeof requestId === 'string') {
        return [{ file, requestId, event }];
      }
      throw new Error('a queued event is {"requestId", "event"}');
    } catch (error) {
      setAside(path, error);
      return [];
    }
  });
}
