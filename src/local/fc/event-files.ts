import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../../json.ts';

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

/**
 * Writes an event whole or not at all; answers the path. Synchronous, so that an upload is answered only after its
 * event is safe, even if we are killed right after.
 */
export function writeEventFile(
  dir: string,
  file: string,
  content: { requestId: string; event: unknown },
): string {
  const path = join(dir, file);
  writeFileSync(`${path}.tmp`, JSON.stringify(content, undefined, 2));
  renameSync(`${path}.tmp`, path);
  return path;
}

/** The events in `dir`, oldest first. Throws on a file that is none: skipping it could lose an event in silence. */
export function listEventFiles(dir: string): QueuedEvent[] {
  const files = readdirSync(dir).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => {
    const path = join(dir, file);
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isJsonObject(content) || typeof content.requestId !== 'string') {
      throw new Error(`${path} is not a queued event: expected {"requestId", "event"}; remove the file`);
    }
    return { file, requestId: content.requestId, event: content.event };
  });
}
