import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PageError, type PageReply } from './reply.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** A file of the built page. One with a hash in its name never changes; others are revalidated each time. */
export async function readAsset(assetsDir: string, name: string): Promise<PageReply> {
  const contentType = contentTypes[extname(name)];
  if (!/^[\w-]+\.(js|css)$/.test(name) || contentType === undefined) {
    throw new PageError(404, `The page has no file ${name}.`);
  }
  const body = await readFile(join(assetsDir, name)).catch(() => {
    throw new PageError(404, `The page has no file ${name}: was it built?`);
  });
  const caching = /-[0-9A-Z]{8}\./.test(name) ? 'max-age=31536000, immutable' : 'no-cache';
  return { headers: { 'content-type': contentType, 'cache-control': caching }, body };
}
