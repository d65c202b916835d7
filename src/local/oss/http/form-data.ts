import { badRequest } from './errors.ts';
import { decodeUtf8 } from './names.ts';
import { readMessage } from './routes.ts';

/** The fields of a form, by lower-case name. */
export type Fields = ReadonlyMap<string, string>;

/** A browser's form (RFC 7578) up to its file. OSS documents that it ignores what follows the file. */
export interface Form {
  readonly fields: Fields;
  readonly fileName: string;
  readonly fileType: string | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Documented: OSS help "PostObject". */
const maxFieldBytes = 2 * 1024 * 1024;
const maxFields = 100;

/** Reads the fields, and the file on demand. Throws the errors for forms in OSS help "400 errors". */
export async function readForm(body: AsyncIterator<Buffer>, contentType: string): Promise<Form> {
  const [, quoted, bare] =
    /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) {
    const message = 'Bucket POST must be of the enclosure-type multipart/form-data.';
    throw badRequest('RequestIsNotMultiPartContent', message);
  }
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const reader = new BodyReader(body);
  const fields = new Map<string, string>();
  await reader.readUntil(delimiter);
  for (let count = 0; count <= maxFields; count++) {
    if ((await reader.readUntil(Buffer.from('\r\n'))).length > 0) {
      const message = 'POST requires exactly one file upload per request.';
      throw badRequest('IncorrectNumberOfFilesInPOSTRequest', message);
    }
    const headers = (await reader.readUntil(Buffer.from('\r\n\r\n'))).toString();
    const name = headerParameter(headers, 'name') ?? refuse('A form field has no name.');
    if (name === 'file') {
      const [, fileType] = /^content-type:\s*(\S[^\r\n]*?)\s*$/im.exec(headers) ?? [];
      const fileName = (headerParameter(headers, 'filename') ?? '').replace(/^.*[/\\]/s, '');
      return { fields, fileName, fileType, bytes: reader.streamFile(delimiter) };
    }
    const value = decodeUtf8(await reader.readUntil(delimiter));
    fields.set(name.toLowerCase(), value ?? refuse(`The form field ${name} is not UTF-8.`));
  }
  return refuse('The form has too many fields.');
}

/** Reads a body up to a mark, and keeps the bytes after it that have already arrived. */
class BodyReader {
  readonly #body: AsyncIterator<Buffer>;
  /** Begins with a line end, so that the first delimiter looks like all others. */
  #buffer = Buffer.from('\r\n');

  constructor(body: AsyncIterator<Buffer>) {
    this.#body = body;
  }

  /** Streams the bytes before `mark`, and skips the mark. */
  async *streamUntil(mark: Buffer): AsyncGenerator<Uint8Array> {
    let at = this.#buffer.indexOf(mark);
    for (; at < 0; at = this.#buffer.indexOf(mark)) {
      // All bytes except those that may be the beginning of the mark.
      const safeBytes = Math.max(0, this.#buffer.length - mark.length);
      yield this.#buffer.subarray(0, safeBytes);
      const { value, done } = await this.#body.next();
      if (done === true) {
        refuse('The form ends too early.');
      }
      this.#buffer = Buffer.concat([this.#buffer.subarray(safeBytes), value]);
    }
    yield this.#buffer.subarray(0, at);
    this.#buffer = this.#buffer.subarray(at + mark.length);
  }

  /** Streams the file, then reads the body to its end, where its digest is checked. */
  async *streamFile(mark: Buffer): AsyncGenerator<Uint8Array> {
    yield* this.streamUntil(mark);
    while ((await this.#body.next()).done !== true) {}
  }

  /** Resolves to the bytes before `mark`, unless they are more than a field may have. */
  async readUntil(mark: Buffer): Promise<Buffer> {
    const bytes = await readMessage(this.streamUntil(mark), maxFieldBytes);
    if (bytes === undefined) {
      throw badRequest('FieldItemTooLong', 'A form field is too long.');
    }
    return bytes;
  }
}

/** Reads `filename="a \"b\".jpg"`; browsers write a quote as `\"` or `%22`. */
function headerParameter(headers: string, name: string): string | undefined {
  const pattern = new RegExp(`^content-disposition:.*[;\\s]${name}="((?:[^"\\\\\\r\\n]|\\\\.)*)"`, 'im');
  return pattern
    .exec(headers)?.[1]
    ?.replace(/\\(["\\])/g, '$1')
    .replaceAll('%22', '"');
}

function refuse(message: string): never {
  throw badRequest('MalformedPOSTRequest', message);
}
