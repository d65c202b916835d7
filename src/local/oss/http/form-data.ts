import { badRequest } from './errors.ts';
import { decodeUtf8 } from './names.ts';

/** A browser's form (RFC 7578) up to its file; what follows the file is ignored, as OSS documents. */
export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: {
    readonly name: string;
    readonly contentType: string | undefined;
    readonly bytes: AsyncIterable<Uint8Array>;
  };
}

const maxFieldBytes = 64 * 1024;
const maxFields = 100;

/** Reads the fields; the file is read as its bytes are asked for. Throws MalformedPOSTRequest. */
export async function readForm(body: AsyncIterator<Buffer>, contentType: string): Promise<Form> {
  const [, quoted, bare] =
    /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare ?? refuse('The body of your POST request is not multipart/form-data.');
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // So that the first delimiter is one like all others.
  let buffer = Buffer.from('\r\n');

  async function fill(): Promise<boolean> {
    const { value, done } = await body.next();
    if (done !== true) {
      buffer = Buffer.concat([buffer, value]);
    }
    return done !== true;
  }

  /** What stands before `mark`, which is passed over. */
  async function readUntil(mark: Buffer): Promise<Buffer> {
    for (let at = buffer.indexOf(mark); ; at = buffer.indexOf(mark)) {
      if (at >= 0) {
        const found = buffer.subarray(0, at);
        buffer = buffer.subarray(at + mark.length);
        return found;
      }
      if (buffer.length > maxFieldBytes) {
        refuse('A form field is too long.');
      }
      if (!(await fill())) {
        refuse('The form ends before its file.');
      }
    }
  }

  async function* fileBytes(): AsyncGenerator<Uint8Array> {
    for (let at = buffer.indexOf(delimiter); at < 0; at = buffer.indexOf(delimiter)) {
      // All but what may be the beginning of a delimiter.
      const soundBytes = Math.max(0, buffer.length - delimiter.length);
      yield buffer.subarray(0, soundBytes);
      buffer = buffer.subarray(soundBytes);
      if (!(await fill())) {
        refuse('The form ends within its file.');
      }
    }
    yield buffer.subarray(0, buffer.indexOf(delimiter));
    await drain(body);
  }

  const fields = new Map<string, string>();
  await readUntil(delimiter);
  for (let count = 0; count <= maxFields; count++) {
    if ((await readUntil(Buffer.from('\r\n'))).length > 0) {
      refuse('The form has no file.');
    }
    const headers = (await readUntil(Buffer.from('\r\n\r\n'))).toString();
    const name = parameter(headers, 'name') ?? refuse('A form field has no name.');
    if (name === 'file') {
      const [, fileType] = /^content-type:\s*(\S[^\r\n]*?)\s*$/im.exec(headers) ?? [];
      const fileName = (parameter(headers, 'filename') ?? '').replace(/^.*[/\\]/s, '');
      return { fields, file: { name: fileName, contentType: fileType, bytes: fileBytes() } };
    }
    const value = decodeUtf8(await readUntil(delimiter)) ?? refuse(`The form field ${name} is not UTF-8.`);
    fields.set(name.toLowerCase(), value);
  }
  return refuse('The form has too many fields.');
}

/** Reads the rest, so that a client that sends all of its body before it listens hears the answer. */
export async function drain(body: AsyncIterator<Buffer>): Promise<void> {
  while ((await body.next()).done !== true) {}
}

/** `filename="a \"b\".jpg"`: browsers write a quote as `\"` or `%22`. */
function parameter(headers: string, name: string): string | undefined {
  const pattern = new RegExp(`^content-disposition:.*[;\\s]${name}="((?:[^"\\\\\\r\\n]|\\\\.)*)"`, 'im');
  return pattern
    .exec(headers)?.[1]
    ?.replace(/\\(["\\])/g, '$1')
    .replaceAll('%22', '"');
}

function refuse(message: string): never {
  throw badRequest('MalformedPOSTRequest', message);
}
