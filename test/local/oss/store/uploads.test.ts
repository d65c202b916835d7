import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { Uploads } from '../../../../src/local/oss/store/uploads.ts';
import { temporaryDir } from '../running-oss.ts';

async function uploadOfTwo() {
  const dataDir = await temporaryDir();
  const [folder, temporaryFolder] = [join(dataDir, 'uploads'), join(dataDir, 'tmp')];
  const uploads = new Uploads({ folder, temporaryFolder, setAside: vi.fn(), now: () => 0 });
  const upload = uploads.initiate('photos', 'a', { headers: {} });
  const send = (number: number, text: string) => uploads.putPart(upload, number, [Buffer.from(text)]);
  const parts = [await send(1, 'one'), await send(2, 'two')];
  return { uploads, upload, send, parts };
}

it('an upload gives no bytes of a part that is sent again under another ETag than the one that was listed', async () => {
  const { uploads, upload, send, parts } = await uploadOfTwo();

  const bytes = uploads.read(upload, parts);
  await bytes.next();
  await send(2, 'other');

  await expect(bytes.next()).rejects.toThrow(expect.objectContaining({ code: 'InvalidPart' }));
});

it('an upload gives the bytes of a part that is sent again as it was', async () => {
  const { uploads, upload, send, parts } = await uploadOfTwo();

  await send(2, 'two');

  expect(Buffer.concat(await Readable.from(uploads.read(upload, parts)).toArray()).toString()).toBe('onetwo');
});
