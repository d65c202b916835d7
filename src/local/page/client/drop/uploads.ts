import { signal } from '@preact/signals';
import type { OssObject } from '../../../../process.ts';
import {
  type Entry,
  isSame,
  type ObjectDetails,
  type ObjectStory,
  type OutcomeEntry,
  type PlannedOutput,
  type ResultEntry,
} from '../../wire.ts';
import { t } from '../i18n/translate.ts';
import { onEntry } from '../live.ts';
import { wordsOf } from '../problem.ts';
import { errorOfDocument, getFromServer, presignedAddress } from '../server.ts';

export interface OutputProgress {
  target: OssObject;
  rule?: string | undefined;
  /** Absent where the function made what the page had not foreseen. */
  plan?: PlannedOutput | undefined;
  result?: ResultEntry | undefined;
  /** Read from the saved object once it is there. */
  details?: ObjectDetails | undefined;
}

/** One picture on its way: from the person's disk to everything that the rules make of it. */
export interface PictureUpload {
  id: number;
  object: OssObject;
  file: File;
  phase: 'uploading' | 'processing' | 'done' | 'failed';
  /** The part of the upload that is done, 0 to 1. */
  progress: number;
  details?: ObjectDetails | undefined;
  /** The invocation that makes the outputs. */
  invocationId?: string | undefined;
  outputs: OutputProgress[];
  /** Why the rules ask for nothing. */
  reason?: string | undefined;
  retry?: { attempts: number; retryInMs: number } | undefined;
  error?: string | undefined;
}

/** Newest first. */
export const uploads = signal<readonly PictureUpload[]>([]);

let lastId = 0;

/** Uploads pictures for real, and follows what becomes of them. */
export function uploadFiles(
  files: Iterable<File>,
  { bucket, prefix }: { bucket: string; prefix: string },
): void {
  for (const file of files) {
    lastId += 1;
    const object = { bucket, key: `${prefix}${file.name}` };
    const upload: PictureUpload = { id: lastId, object, file, phase: 'uploading', progress: 0, outputs: [] };
    uploads.value = [upload, ...uploads.value.filter((other) => !isSame(other.object, object))];
    put(upload).catch((error: unknown) => {
      change(upload.id, { phase: 'failed', error: wordsOf(error) });
    });
  }
}

/** Has the uploads follow what the stack tells, whichever view is open. */
export function startUploads(): void {
  onEntry(follow);
}

async function put({ id, object, file }: PictureUpload): Promise<void> {
  const contentType = file.type || 'application/octet-stream';
  const url = await presignedAddress('PUT', object, contentType);
  await new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of an upload
    request.open('PUT', url);
    request.setRequestHeader('content-type', contentType);
    request.upload.onprogress = ({ loaded, total }) => change(id, { progress: loaded / Math.max(total, 1) });
    request.onload = () =>
      request.status === 200 ? resolve() : reject(errorOfDocument(request.status, request.responseText));
    request.onerror = () => reject(new Error(t('drop.broken')));
    request.send(file);
  });
  const { phase } = uploads.value.find((upload) => upload.id === id) ?? {};
  change(id, { progress: 1, ...(phase === 'uploading' && { phase: 'processing' }) });
  readDetails(object, (details) => change(id, { details }));
}

/** Hands on the details of an object; its picture stays away where it was deleted since. */
function readDetails(object: OssObject, take: (details: ObjectDetails | undefined) => void): void {
  getFromServer<ObjectStory>('object', { ...object }).then(
    ({ details }) => take(details),
    () => {},
  );
}

function change(id: number, changes: Partial<PictureUpload>): void {
  uploads.value = uploads.value.map((upload) => (upload.id === id ? { ...upload, ...changes } : upload));
}

function follow(entry: Entry): void {
  if (!('object' in entry) || entry.object === undefined) {
    return;
  }
  const { object } = entry;
  const upload = uploads.value.find((other) => isSame(other.object, object));
  if (upload === undefined) {
    return;
  }
  switch (entry.kind) {
    case 'delivery':
      change(upload.id, {
        phase: 'processing',
        invocationId: entry.invocationId,
        outputs: entry.outputs.map(toOutput),
        reason: entry.reason,
      });
      break;
    case 'result':
      takeResult(upload, entry);
      break;
    case 'retry':
    case 'outcome':
      // The end of an earlier upload of the same key is not the end of this one.
      if (entry.invocationId === upload.invocationId) {
        change(upload.id, entry.kind === 'retry' ? { retry: entry } : endOf(entry));
      }
      break;
  }
}

function toOutput(plan: PlannedOutput): OutputProgress {
  return { target: plan.target, rule: plan.rule, plan };
}

function takeResult(upload: PictureUpload, result: ResultEntry): void {
  const { target } = result;
  if (target === undefined) {
    change(upload.id, { reason: result.reason, error: result.message });
    return;
  }
  const known = upload.outputs.find((output) => isSame(output.target, target))?.result;
  const isMade = known?.invocationId === result.invocationId && known.status !== 'failed';
  if (isMade && result.status === 'skipped') {
    return; // A later attempt skips what an earlier one has made.
  }
  changeOutput(upload.id, target, { target, rule: result.rule, result });
  if (result.status === 'saved') {
    readDetails(target, (details) => changeOutput(upload.id, target, { details }));
  }
}

function changeOutput(id: number, target: OssObject, changes: Partial<OutputProgress>): void {
  const { outputs = [] } = uploads.value.find((upload) => upload.id === id) ?? {};
  const isKnown = outputs.some((output) => isSame(output.target, target));
  change(id, {
    outputs: isKnown
      ? outputs.map((output) => (isSame(output.target, target) ? { ...output, ...changes } : output))
      : [...outputs, { target, ...changes }],
  });
}

function endOf({ status, error }: OutcomeEntry): Partial<PictureUpload> {
  return status === 'succeeded'
    ? { phase: 'done', retry: undefined, error: undefined }
    : { phase: 'failed', retry: undefined, error };
}
