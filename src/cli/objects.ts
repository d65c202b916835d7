import { basename } from 'node:path';
import { splitObjectUrl } from '../object-url.ts';
import { listPages } from '../objects/list-objects.ts';
import { getObject } from '../objects/transfer.ts';
import { printable } from '../printable.ts';
import { CliError, defineCommand } from './command.ts';
import { connectionOptions, withConnection } from './connection.ts';
import { notAs, parseObjectUrl } from './input.ts';
import { writeNewFile } from './new-file.ts';

export const ls = defineCommand({
  positionals: { name: 'oss://bucket/prefix', summary: 'what to list', many: false },
  options: connectionOptions,
  run: async (values, io, [url = '']) => {
    const place = splitObjectUrl(url);
    if (place === undefined) {
      throw notAs('oss://bucket or oss://bucket/prefix', url);
    }
    return withConnection(values, io, async ({ call }) => {
      let isEmpty = true;
      for await (const objects of listPages(call, { bucket: place.bucket, prefix: place.key })) {
        for (const { key, sizeBytes, lastModified } of objects) {
          const time = lastModified.toISOString().slice(0, 19).replace('T', ' ');
          io.out(`${sizeBytes.toLocaleString('en').padStart(15)}  ${time}  ${printable(key)}\n`);
          isEmpty = false;
        }
      }
      if (isEmpty) {
        io.err(`No key begins so: ${printable(url)}\n`);
      }
      return 0;
    });
  },
});

/** Enough for a large object on a slow connection: 256 MB at half a megabyte per second. */
const longestTransferMs = 600_000;

export const get = defineCommand({
  positionals: { name: 'oss://bucket/key', summary: 'the object', many: false },
  options: {
    ...connectionOptions,
    out: {
      value: 'file',
      summary: "where to save it (default the key's last part, here); - is standard output",
    },
  },
  run: async (values, io, [url = '']) => {
    const object = parseObjectUrl(url);
    const file = values.out ?? basename(object.key);
    return withConnection(values, io, async ({ callBy }) => {
      const call = callBy({ attemptTimeoutMs: longestTransferMs });
      const { body, contentType } = await getObject(call, object);
      if (values.out === '-') {
        io.out(body);
        return 0;
      }
      if (!writeNewFile(file, body)) {
        throw new CliError(`${file} exists already: name another with --out.`);
      }
      const answer = `${file}  ${body.length.toLocaleString('en')} bytes of ${contentType}`;
      io.out(`${printable(answer)}\n`);
      return 0;
    });
  },
});
