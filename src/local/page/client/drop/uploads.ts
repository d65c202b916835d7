import { signal } from '@preact/signals';
import pLimit from 'p-limit';
import type { OssObject } from '../../../../process.ts';
import {
  type Entry,
  isSame,
  type ObjectDetails,
  type PageState,
  type PlannedOutput,
  type ResultEntry,
} from '../../wire.ts';
import { t } from '../i18n/translate.ts';
import { knownState, onEntry } from '../live.ts';
import { wordsOf } from '../problem.ts';
import { errorOfDocument, findObject, presignedAddress } from '../server.ts';

export interface OutputProgress {
  target: OssObject;
  /** Absent if the function made an output that the page did not expect. */
  plan?: PlannedOutput | undefined;
  result?: ResultEntry | undefined;
  /** Read from the saved object once it exists. */
  details?: ObjectDetails | undefined;
}

/** The progress of one picture from the user's disk to everything that the rules make of it. */
export interface PictureUpload {
  id: number;
  object: OssObject;
  file: File;
  /** Aborts the upload when another file is uploaded to the same key. */
  overtaken: AbortController;
  phase: 'uploading' | 'processing' | 'done' | 'failed';
  /** How much of the upload is done, 0 to 1. */
  progress: number;
  /** The last entry about storing or deleting the object, for which the details were read. */
  stored?: Entry | undefined;
  details?: ObjectDetails | undefined;
  /** The invocation that makes the outputs. */
  invocationId?: string | undefined;
  outputs: OutputProgress[];
  /** The reason why the rules want nothing. */
  reason?: string | undefined;
  retry?: { attempts: number; retryInMs: number } | undefined;
  error?: string | undefined;
}

/** The newest batch first; within a batch, in the order of the files, in which they are sent. */
export const uploads = signal<readonly PictureUpload[]>([]);

/** The user's own choice, which outlives the view. */
export const chosenPlace = signal<Partial<PageState['upload']>>({});

/** Browsers allow six connections to one server, and the page needs some for itself. */
const inTurn = pLimit(2);
let lastId = 0;

/** Uploads files, and follows what becomes of them. Files with equal names are numbered. */
export async function uploadFiles(files: readonly File[]): Promise<void> {
  const { upload } = await knownState();
  const { bucket, prefix } = { ...upload, ...chosenPlace.value };
  const folder = prefix.replace(/[^/]$/, '$&/');
  const names = new Set<string>();
  const begun = files.map((file) => {
    let { name } = file;
    for (let i = 2; names.has(name); i += 1) {
      name = file.name.replace(/(\.[^.]*)?$/, `-${i}$1`);
    }
    names.add(name);
    return begin(file, { bucket, key: `${folder}${name}` });
  });
  const others = uploads.value.filter(({ overtaken }) => !overtaken.signal.aborted);
  uploads.value = [...begun, ...others];
}

function begin(file: File, object: OssObject): PictureUpload {
  lastId += 1;
  const id = lastId;
  const overtaken = new AbortController();
  find(object)?.overtaken.abort();
  inTurn(() => put(id, object, file, overtaken.signal)).catch((error: unknown) => {
    change(id, () => ({ phase: 'failed', error: wordsOf(error) }));
  });
  return { id, object, file, overtaken, phase: 'uploading', progress: 0, outputs: [] };
}

/** Makes uploads follow the stack's events in every view, and warns users who leave the page meanwhile. */
export function startUploads(): void {
  onEntry(follow);
  addEventListener('beforeunload', (event) => {
    if (uploads.value.some(({ phase }) => phase === 'uploading')) {
      event.preventDefault();
    }
  });
}

async function put(id: number, object: OssObject, file: File, overtaken: AbortSignal): Promise<void> {
  const contentType = file.type || 'application/octet-stream';
  const url = await presignedAddress('PUT', object, contentType);
  overtaken.throwIfAborted();
  const request = new XMLHttpRequest(); // fetch does not report the progress of an upload.
  overtaken.onabort = () => request.abort();
  request.open('PUT', url);
  request.setRequestHeader('content-type', contentType);
  request.upload.onprogress = ({ loaded, total }) =>
    change(id, () => ({ progress: loaded / Math.max(total, 1) }));
  await new Promise((resolve) => {
    request.onloadend = resolve;
    request.send(file);
  });
  if (request.status === 0) {
    const start = file.slice(0, 1);
    const read = await start.text().catch(() => undefined);
    throw new Error(t(read === undefined ? 'drop.unreadable' : 'disconnected'));
  }
  if (request.status !== 200) {
    throw errorOfDocument(request.status, request.responseText);
  }
  change(id, ({ phase }) => ({ phase: phase === 'uploading' ? 'processing' : phase }));
}

function find(object: OssObject): PictureUpload | undefined {
  return uploads.value.find((upload) => isSame(upload.object, object));
}

function change(id: number, changesOf: (upload: PictureUpload) => Partial<PictureUpload>): void {
  uploads.value = uploads.value.map((upload) =>
    upload.id === id ? { ...upload, ...changesOf(upload) } : upload,
  );
}

function follow(entry: Entry): void {
  const upload = 'object' in entry && entry.object !== undefined ? find(entry.object) : undefined;
  if (upload === undefined) {
    return;
  }
  const { id, object, invocationId } = upload;
  if (entry.kind === 'event') {
    change(id, () => ({ stored: entry }));
    findObject(object).then((details) => change(id, ({ stored }) => (stored === entry ? { details } : {})));
  } else if (entry.kind === 'delivery') {
    const outputs = entry.outputs.map((plan) => ({ target: plan.target, plan }));
    const begun = { phase: 'processing', retry: undefined, error: undefined } as const;
    change(id, () => ({ ...begun, invocationId: entry.invocationId, outputs, reason: entry.reason }));
  } else if (!('invocationId' in entry) || entry.invocationId !== invocationId) {
    return; // It is about an earlier upload of the same key.
  } else if (entry.kind === 'result') {
    takeResult(upload, entry);
  } else if (entry.kind === 'retry') {
    change(id, () => ({ retry: entry }));
  } else if (entry.kind === 'outcome') {
    const phase = entry.status === 'succeeded' ? 'done' : 'failed';
    change(id, () => ({ phase, retry: undefined, error: entry.error }));
  }
}

function takeResult({ id, outputs }: PictureUpload, result: ResultEntry): void {
  const { target } = result;
  if (target === undefined) {
    change(id, () => ({ reason: result.reason, error: result.message }));
    return;
  }
  const known = outputs.find((output) => isSame(output.target, target));
  const isMade = known?.result !== undefined && known.result.status !== 'failed';
  if (isMade && result.status === 'skipped') {
    return; // A later attempt skips what an earlier one has made.
  }
  const output = { ...known, target, result };
  change(id, () => ({
    outputs: known ? outputs.map((one) => (one === known ? output : one)) : [...outputs, output],
  }));
  if (result.status === 'saved') {
    findObject(target).then((details) =>
      change(id, (upload) => ({
        outputs: upload.outputs.map((one) => (one.result === result ? { ...one, details } : one)),
      })),
    );
  }
}
