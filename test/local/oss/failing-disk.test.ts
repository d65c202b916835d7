/* Clients hear of a disk that fails under an upload. */
import { open, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createJsonLogger } from '../../../src/log.ts';
import { startOss, temporaryDir } from './running-oss.ts';
import { element, object } from './text-object.ts';
import { type SignOptions, signV4 } from './v4-client.ts';

/** Many times what sockets buffer, so that a server that reads no further holds its client up. */
const body = Buffer.alloc(32 * 1024 * 1024, 'x');

/** The disk is full from the second write on, until the test ends. */
async function fillDisk(dir: string): Promise<void> {
  const file = await open(join(dir, 'any'), 'w');
  const { appendFile } = file;
  let count = 0;
  const full = vi.spyOn(Object.getPrototypeOf(file), 'appendFile').mockImplementation(function (
    this: unknown,
    ...args: unknown[]
  ) {
    count += 1;
    return count === 1
      ? Reflect.apply(appendFile, this, args)
      : Promise.reject(new Error('ENOSPC: no space left on device, write'));
  });
  onTestFinished(() => full.mockRestore());
  await file.close();
}

/** Sends a request, all of it before it listens, and answers what comes until the connection ends or rests. */
function exchange(port: number, { method, path, headers }: ReturnType<typeof signV4>): Promise<string> {
  const lines = Object.entries({ ...headers, host: 'localhost', 'content-length': String(body.length) });
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').on('error', reject);
    socket.write(
      `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    socket.write(body, () => {
      let text = '';
      socket.on('data', (data) => (text += data)).on('end', () => resolve(text));
    });
  });
}

async function begin() {
  const dataDir = await temporaryDir();
  const lines: string[] = [];
  const oss = await startOss({ dataDir, log: createJsonLogger('error', (line) => lines.push(line)) });
  const upload = { ...object, query: { uploads: '' }, method: 'POST' };
  const uploadId = element((await oss.call(upload)).text, 'UploadId') ?? '';
  return { oss, dataDir, lines, uploadId };
}

describe('an upload under which the disk fails', () => {
  it.each<[string, (uploadId: string) => SignOptions]>([
    ['PutObject', () => ({ ...object, method: 'PUT' })],
    ['AppendObject', () => ({ ...object, method: 'POST', query: { append: '', position: '0' } })],
    ['UploadPart', (uploadId) => ({ ...object, method: 'PUT', query: { partNumber: '1', uploadId } })],
  ])(
    'an upload under which the disk fails is answered, its connection ends, and the next one works: %s',
    async (_, upload) => {
      const { oss, dataDir, lines, uploadId } = await begin();
      await fillDisk(dataDir);

      const answer = await exchange(oss.port, signV4(upload(uploadId)));

      expect(answer).toMatch(/^HTTP\/1\.1 500 .*^Connection: close\r$/ms);
      expect(element(answer, 'Code')).toBe('InternalError');
      expect(lines.join('')).toContain('ENOSPC');
      expect(await readdir(join(dataDir, 'tmp'))).toEqual([]);
      vi.restoreAllMocks();
      expect((await oss.call({ ...object, method: 'PUT', body: 'hello' })).statusCode).toBe(200);
    },
  );

  it('the local OSS changes no setting of a bucket that it cannot keep', async () => {
    const { oss, dataDir } = await begin();
    const acl = { bucket: 'photos', query: { acl: '' } };
    await rm(join(dataDir, 'tmp'), { recursive: true });

    const refused = await oss.call({
      ...acl,
      method: 'PUT',
      headers: { 'x-oss-acl': 'public-read-write' },
    });

    expect([refused.statusCode, refused.code]).toEqual([500, 'InternalError']);
    expect((await oss.call({ ...acl, method: 'GET' })).text).toContain('<Grant>private</Grant>');
  });

  it('an upload is answered where the data folder is gone', async () => {
    const { oss, dataDir, lines } = await begin();
    await rm(dataDir, { recursive: true });

    const answer = await exchange(oss.port, signV4({ ...object, method: 'PUT' }));

    expect([element(answer, 'Code'), lines.join('')]).toEqual([
      'InternalError',
      expect.stringContaining('ENOENT'),
    ]);
  });
});
