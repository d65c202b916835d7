import { badRequest, notFound, notImplemented, type OssError } from './errors.ts';
import { checkBucketName, checkKey, decodeUtf8 } from './names.ts';
import { percentDecode } from './request.ts';

export interface SaveAs {
  /** As sent in `b_`; undefined when it was not. */
  readonly bucket: string | undefined;
  readonly key: string;
}

/** A process: what to do to the image, and where the result goes. */
export interface Process {
  readonly style: string;
  readonly saveAs: SaveAs | undefined;
}

/**
 * The process in a ProcessObject body `x-oss-process={process}`, sent raw (documented: OSS help "Save processed images") or as a
 * form (ali-oss `processObjectSave`; both are live-tested by SDKs).
 *
 * A form escapes the `/` that every process has; a body with a bare `/` is therefore raw, and its `+` a character of
 * Base64. Percent-escapes are undone in both: no process has a `%` of its own. Assumed: other fields are refused.
 */
export function readProcessBody(body: Buffer): string {
  const text = decodeUtf8(body) ?? '';
  const [name, value = ''] = text.split(/=(.*)/s);
  if (name !== 'x-oss-process' || value === '') throw invalidRequest();
  if (value.includes('&')) throw badRequest('InvalidArgument', 'The body holds more than x-oss-process.');
  const escaped = value.includes('/') ? value : value.replaceAll('+', ' ');
  // A raw body is one character a byte for percentDecode, which knows nothing of characters.
  const process = percentDecode(Buffer.from(escaped).toString('latin1'));
  if (process === undefined) throw badRequest('InvalidArgument', 'The process is not UTF-8.');
  return process;
}

/** Separates the style from `sys/saveas`, and refuses what cannot run here, each by name. */
export function parseProcess(process: string): Process {
  const segments = process.split('|');
  const sys = segments.filter((segment) => segment.startsWith('sys/'));
  const style = segments.filter((segment) => !segment.startsWith('sys/')).join('|');
  if (style === '') throw invalidRequest();
  checkCategory(style);
  const [first, ...more] = sys;
  if (more.length > 0) throw badRequest('InvalidArgument', 'The process holds more than one sys operation.');
  return { style, saveAs: first === undefined ? undefined : parseSaveAs(first) };
}

function checkCategory(style: string): void {
  const [category = '', action = ''] = style.split(/[/,|]/);
  if (category === 'image') return;
  if (category === 'style') {
    // No operation makes a style here, so none exists.
    throw notFound('NoSuchStyle', `The specified style (${action}) does not exist.`);
  }
  if (/^(video|audio|doc|hls|imm|csv|json)$/.test(category)) throw notImplemented(`${category}/${action}`);
  throw badRequest('InvalidArgument', `Unsupported operation: ${style}`);
}

/** `sys/saveas,o_{Base64 of the key}[,b_{Base64 of the bucket}]` (documented: OSS help "sys/saveas"). */
function parseSaveAs(segment: string): SaveAs {
  const [operation = '', ...parameters] = segment.split(',');
  if (operation !== 'sys/saveas' || segment.includes('/notify')) throw notImplemented(segment);
  const values = new Map(parameters.map((parameter) => [parameter.slice(0, 2), parameter.slice(2)] as const));
  const [key, bucket] = [values.get('o_'), values.get('b_')];
  if (key === undefined)
    throw badRequest('MissingArgument', 'Missing parameter o of sys/saveas.', '0016-00000502');
  return {
    key: checkKey(decodeBase64(key)),
    bucket: bucket === undefined ? undefined : checkBucketName(decodeBase64(bucket) ?? ''),
  };
}

/** Standard or URL-safe, padded or not (each is used by an official SDK); undefined when the bytes are not UTF-8. */
function decodeBase64(text: string): string | undefined {
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[\w+/-]+$/.test(bare) || bare.length % 4 === 1)
    throw badRequest('BadRequest', 'Input is not base64 decoding.');
  return decodeUtf8(Buffer.from(bare, 'base64'));
}

/** As a live test of aliyun-oss-cpp-sdk names an empty process. */
function invalidRequest(): OssError {
  return badRequest('InvalidRequest', 'The process is empty.');
}
