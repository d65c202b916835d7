import { isUtf8 } from 'node:buffer';

/**
 * Decodes UTF-8 and nothing else, without its byte order mark: what another encoding became here would stand
 * on every picture. `name` says whose bytes they are, `firstLine` with which of its lines they begin.
 */
export function decodeText(bytes: Uint8Array, name: string, firstLine = 1): string {
  if (!isUtf8Text(bytes)) {
    const { line, column, byte } = findForeignByte(bytes, firstLine);
    const code = byte.toString(16).toUpperCase().padStart(2, '0');
    const advice = 'Save it as UTF-8; editors on Windows may write GBK, Shift JIS or UTF-16.';
    const place = `${name}:${line}:${column}`;
    throw new Error(`${place} is not UTF-8: the byte 0x${code} is not allowed here. ${advice}`);
  }
  return new TextDecoder().decode(bytes); // It leaves the byte order mark out.
}

/** UTF-16 without its byte order mark would pass for letters with NUL between them. */
const isUtf8Text = (bytes: Uint8Array) => isUtf8(bytes) && !bytes.includes(0);

/** Finds the first byte that UTF-8 cannot have there; a line end is never a part of another character. */
function findForeignByte(bytes: Uint8Array, firstLine: number) {
  let [line, start, end] = [firstLine, 0, bytes.indexOf(0x0a)];
  while (end >= 0 && isUtf8Text(bytes.subarray(start, end))) {
    [line, start, end] = [line + 1, end + 1, bytes.indexOf(0x0a, end + 1)];
  }
  const [before = ''] = Buffer.from(bytes.subarray(start))
    .toString()
    .split(/[\ufffd\0]/, 1);
  const byte = bytes[start + Buffer.byteLength(before)] ?? 0;
  return { line, column: before.replace(/^\ufeff/, '').length + 1, byte };
}

/** The value of a JSON text. Throws a SyntaxError where it is none: `name`, the place if known, and why. */
export function parseJsonText(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const [where = '', position] = / in JSON at position (\d+).*$/.exec(reason) ?? [];
    const end = reason.includes('end of JSON') ? text.length : Number(position);
    const before = text.slice(0, end).split('\n');
    const place = Number.isNaN(end) ? '' : `:${before.length}:${(before.at(-1) ?? '').length + 1}`;
    const words = reason.replace(where, '').replaceAll('\n', '\\n');
    throw new SyntaxError(`${name}${place}: expected JSON: ${words}.`);
  }
}
