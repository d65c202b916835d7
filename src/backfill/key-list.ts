import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fieldsOf, parseJson, textOf } from '../json.ts';
import { isAddress, splitObjectUrl } from '../object-url.ts';
import { decodeText } from '../text-file.ts';
import type { ExistingObject, Source } from './source.ts';

/**
 * Reads objects from the lines of a UTF-8 file. Each line is `oss://bucket/key`, a bare key of `bucket`, or a
 * line of a failures file, which asks for the failed output only. Throws with the number of any other line.
 */
export async function keyListSource(file: string, name: string, bucket: string | undefined): Promise<Source> {
  return {
    name,
    fingerprint: await digestOfFile(file),
    async *read(behind) {
      let row = 0;
      // Decoding here would hide broken bytes, and readline would split a key at a U+2028.
      const input = createReadStream(file, 'latin1');
      for await (const line of createInterface({ input, crlfDelay: Infinity })) {
        row += 1;
        const text = decodeText(Buffer.from(line, 'latin1'), name, row);
        if (text !== '' && row > Number(behind?.after ?? 0)) {
          const object = readLine(text, bucket);
          if (object === undefined) {
            const expected = `oss://bucket/key${bucket === undefined ? '' : ' or a key'}`;
            const hint = bucket === undefined ? '; for bare keys give --bucket' : '';
            throw new Error(`${name}, line ${row}: expected ${expected}, received "${text}"${hint}.`);
          }
          yield { object, position: { part: 0, after: row } };
        }
      }
    },
  };
}

/** Like `digestOf`, for a whole file. */
export async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex').slice(0, 12);
}

function readLine(line: string, bucket: string | undefined): ExistingObject | undefined {
  const { source, target } = fieldsOf(line.startsWith('{') ? parseJson(line) : undefined);
  const object = splitObjectUrl(textOf(source) ?? line);
  if (object !== undefined && object.key !== '') {
    return { ...object, eventName: 'Manual', target: textOf(target) };
  }
  // A line such as https://… is rather a wrong address than a key, although a key may look like that.
  return bucket === undefined || isAddress(line) ? undefined : { bucket, key: line, eventName: 'Manual' };
}
