import { operationOf } from '../../../style/catalog.ts';
import { badRequest, notFound, notImplemented, type OssError } from '../http/errors.ts';
import { checkBucketName, checkKey, decodeUtf8, percentDecode } from '../http/names.ts';
import { type BucketStyles, findStyle } from './style.ts';

export interface SaveAs {
  /** The bucket of `b_`; undefined if none was sent. */
  readonly bucket: string | undefined;
  readonly key: string;
}

/** A process: what to do with the object, and where the result goes. */
export interface Process {
  readonly text: string;
  /** The style as text; for a named style its content. */
  readonly style: string;
  /** Category and name of the first action: `image/resize`. */
  readonly operation: string;
  readonly saveAs: SaveAs | undefined;
  /** The topic that OSS would notify at the end of an asynchronous task (`sys/notify`). */
  readonly topic: string | undefined;
}

/** The kind of request that runs an operation. Unknown actions of images count: their reader reports them. */
function modeOf(operation: string): string | undefined {
  const [category = '', name = ''] = operation.split(/\/(.*)/s);
  return operationOf(category, name)?.mode ?? (category === 'image' ? 'sync' : undefined);
}

/**
 * The process in a body `x-oss-process={process}` (or another `parameter`), sent raw (documented: OSS help
 * "Save processed images") or as a form (ali-oss `processObjectSave`; both are live-tested by SDKs).
 *
 * A form escapes the `/` that every process has; a body with a bare `/` is therefore raw, and its `+` one of
 * Base64. Percent-escapes are undone in both: no process has its own `%`. Assumed: other fields are refused.
 */
export function readProcessBody(body: Buffer, parameter = 'x-oss-process'): string {
  const [name, value = ''] = (decodeUtf8(body) ?? '').split(/=(.*)/s);
  if (name !== parameter || value === '') {
    throw emptyProcess();
  }
  if (value.includes('&')) {
    throw badRequest('InvalidArgument', `The body holds more than ${parameter}.`);
  }
  const escaped = value.includes('/') ? value.replaceAll('+', '%2B') : value;
  // percentDecode works on bytes, one character each.
  const process = percentDecode(Buffer.from(escaped).toString('latin1'));
  if (process === undefined) {
    throw badRequest('InvalidArgument', 'The process is not UTF-8.');
  }
  return process;
}

/** Separates the style from `sys/…`, and replaces a named one by its content; throws NoSuchStyle. */
export function parseProcess(text: string, styles: BucketStyles): Process {
  const segments = text.split('|');
  const [sys, ...more] = segments.filter((segment) => segment.startsWith('sys/'));
  const written = segments.filter((segment) => !segment.startsWith('sys/')).join('|');
  if (written === '') {
    throw emptyProcess();
  }
  if (more.length > 0) {
    throw badRequest('InvalidArgument', 'The process holds more than one sys operation.');
  }
  const [, name] = /^style\/((?!::).*)$/s.exec(written) ?? [];
  const style = name === undefined ? written : findStyle(styles, name).content;
  const [operation = ''] = style.split(/[,|]|(?<=\/.*)\//);
  refuseSelect(operation);
  if (modeOf(operation) === undefined) {
    throw badRequest('InvalidArgument', `Unsupported operation: ${style}`);
  }
  return { text, style, operation, ...parseSys(sys) };
}

/** Throws NotImplemented for a process that selects from an object, naming its operation. */
export function refuseSelect(process: string): void {
  const [, kind] = /^(?:csv|json)\/(\w+)/.exec(process) ?? [];
  if (kind !== undefined) {
    throw notImplemented(kind === 'meta' ? 'CreateSelectObjectMeta' : 'SelectObject');
  }
}

/**
 * Refuses operations for other calls (message as in alibabacloud-oss-go-sdk-v2), and those that need a bucket
 * bound to IMM, which none is here (code and message of a live test of that SDK; status assumed). Snapshots
 * of videos need no IMM, and pass if placeholders are enabled.
 */
export function requireSynchronous(process: Process, method: 'get' | 'post', simulateTasks = false): void {
  const { operation, topic } = process;
  if (modeOf(operation) !== 'sync' || topic !== undefined) {
    throw badRequest('InvalidArgument', `operation not support ${method}: ${operation}`);
  }
  if (operation === 'video/snapshot' && !simulateTasks) {
    throw notImplemented(operation);
  }
  if (!/^(image\/|video\/snapshot$)/.test(operation)) {
    throw withoutImm();
  }
}

/** Refuses images as in a live test of aliyun-oss-python-sdk; only reading a watermark needs no target. */
export function requireAsynchronous({ operation, saveAs }: Process): void {
  if (modeOf(operation) !== 'async') {
    throw withoutImm();
  }
  if (saveAs === undefined && operation !== 'image/deblindwatermark') {
    throw missingArgument(`${operation} needs sys/saveas.`);
  }
}

/** Reads `saveas,o_…[,b_…]`, `notify,topic_…` or both (OSS help "sys/saveas", "Message notification"). */
function parseSys(segment = ''): Pick<Process, 'saveAs' | 'topic'> {
  // Standard Base64 also contains slashes: only the one before `notify,` separates.
  const [first = '', notify] = segment.replace(/^sys\//, '').split(/(?:^|\/)notify,(.*)/s);
  const topic = notify === undefined ? undefined : readBase64(sysParameter(notify, 'topic') ?? '');
  if (first === '') {
    return { saveAs: undefined, topic };
  }
  if (!/^saveas(,|$)/.test(first)) {
    throw notImplemented(`sys/${first}`);
  }
  const key = sysParameter(first, 'o');
  const bucket = sysParameter(first, 'b');
  if (key === undefined) {
    throw missingArgument('Missing parameter o of sys/saveas.');
  }
  const target = bucket === undefined ? undefined : checkBucketName(readBase64(bucket));
  return { saveAs: { key: checkKey(readBase64(key)), bucket: target }, topic };
}

/** The value of one parameter in `name_value,name_value`. */
function sysParameter(text: string, name: string): string | undefined {
  const found = text.split(',').find((each) => each.startsWith(`${name}_`));
  return found?.slice(name.length + 1);
}

/** Standard or URL-safe, padded or not (SDKs use all of these); undefined if the bytes are not UTF-8. */
function readBase64(text: string): string | undefined {
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[\w+/-]+$/.test(bare) || bare.length % 4 === 1) {
    throw badRequest('BadRequest', 'Input is not base64 decoding.');
  }
  return decodeUtf8(Buffer.from(bare, 'base64'));
}

function withoutImm(): OssError {
  return notFound('Imm Client', 'ResourceNotFound, The specified resource Attachment is not found.');
}

/** The code is that of a live test of aliyun-oss-cpp-sdk. */
function emptyProcess(): OssError {
  return badRequest('InvalidRequest', 'The process is empty.');
}

function missingArgument(message: string): OssError {
  return badRequest('MissingArgument', message, { ec: '0016-00000502' });
}
