/* Official SDKs' own integration tests, run against this server, found it to do most of these things otherwise than OSS. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startOss } from './running-oss.ts';
import { element, object, put } from './text-object.ts';
import { send, signV4 } from './v4-client.ts';

describe('what OSS has and this server has not', () => {
  it.each(['csv/select', 'json/select', 'csv/meta'])(
    'what OSS has and this server has not is named where a process selects from it: %s',
    async (name) => {
      const oss = await startOss();
      await put(oss);

      const query = { 'x-oss-process': name };
      const response = await oss.call({ ...object, method: 'POST', query, body: '<SelectRequest/>' });

      expect([response.statusCode, element(response.text, 'Message')]).toEqual([
        501,
        expect.stringContaining(name.endsWith('meta') ? 'CreateSelectObjectMeta' : 'SelectObject'),
      ]);
    },
  );

  it.each(['httpsConfig', 'bucketArchiveDirectRead', 'redundancyTransition', 'cloudboxes'])(
    'what OSS has and this server has not is told whatever the signature covers: %s',
    async (name) => {
      const oss = await startOss();
      const headers = { date: new Date().toUTCString(), authorization: 'OSS local:c2lnbmF0dXJl' };

      const request = { method: 'GET', path: `/photos/?${name}`, headers, body: Buffer.alloc(0) };
      const { statusCode, text } = await send(oss.port, request);

      expect([statusCode, element(text, 'Message')]).toEqual([501, expect.stringContaining(name)]);
    },
  );

  it('a video’s still is refused by its name', async () => {
    const oss = await startOss();
    await put(oss);

    const query = { 'x-oss-process': 'video/snapshot,t_1000,f_jpg' };
    const { statusCode, text } = await oss.call({ ...object, method: 'GET', query });

    expect([statusCode, element(text, 'Message')]).toEqual([501, expect.stringContaining('video/snapshot')]);
  });
});

describe('an error', () => {
  it('the error of an append at a wrong place says what OSS says', async () => {
    const oss = await startOss();

    const query = { append: '', position: '5' };
    const { text } = await oss.call({ ...object, method: 'POST', query, body: 'x' });

    expect(element(text, 'Message')).toBe('Position is not equal to file length');
  });

  it('the error of a symbolic link that leads nowhere says what OSS says', async () => {
    const oss = await startOss();
    const link = { ...object, method: 'PUT', query: { symlink: '' } };
    await oss.call({ ...link, headers: { 'x-oss-symlink-target': 'none' } });

    const { text } = await oss.call({ ...object, method: 'GET' });

    expect(element(text, 'Message')).toBe('The symlink target object does not exist');
  });

  it('the error of a key that is not UTF-8 says so', async () => {
    const oss = await startOss();
    const request = signV4({ ...object, method: 'GET' });

    const { statusCode, code, text } = await send(oss.port, { ...request, path: '/photos/%C4%E3' });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
    expect(element(text, 'Message')).toBe('The characters encoding must be utf-8.');
  });

  it.each(['image/info|sys/saveas', 'image/info|sys/saveas,b_cGhvdG9z'])(
    'the error of a save-as without a key says that an argument is missing: %s',
    async (process) => {
      const oss = await startOss();
      await put(oss);

      const query = { 'x-oss-process': '' };
      const body = `x-oss-process=${process}`;
      const { statusCode, code } = await oss.call({ ...object, method: 'POST', query, body });

      expect([statusCode, code]).toEqual([400, 'MissingArgument']);
    },
  );
});

describe('an answer', () => {
  it('an answer writes the names of headers as HTTP does, and its own in lower case', async () => {
    const oss = await startOss();
    await put(oss, {
      'x-oss-meta-by': 'me',
      'content-md5': createHash('md5').update('hello').digest('base64'),
    });
    const { headers, path } = signV4({ ...object, method: 'GET' });
    const lines = Object.entries({ ...headers, host: 'localhost', connection: 'close' });
    const socket = connect(oss.port, '127.0.0.1');

    socket.write(
      `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    const names = String(Buffer.concat(await socket.toArray())).match(/^[\w-]+(?=: )/gm);

    expect(names).toEqual(
      expect.arrayContaining([
        'Server',
        'Content-Type',
        'Content-Length',
        'Content-MD5',
        'ETag',
        'Last-Modified',
        'Accept-Ranges',
        'x-oss-request-id',
        'x-oss-server-time',
        'x-oss-meta-by',
        'x-oss-hash-crc64ecma',
      ]),
    );
  });

  it.each([
    ['text/plain', 1024, 'gzip'],
    ['text/plain', 1023, null],
    ['application/x-javascript', 2000, 'gzip'],
    ['application/rss+xml; charset=utf-8', 2000, 'gzip'],
    ['image/png', 2000, null],
  ])(
    'an answer is compressed for who asks, where it is text of a kilobyte or more: %s of %i bytes',
    async (type, sizeBytes, coding) => {
      const oss = await startOss();
      const body = 'x'.repeat(sizeBytes);
      await put(oss, { 'content-type': type, 'x-oss-object-acl': 'public-read' }, body);

      const response = await fetch(`${oss.url}/photos/a.txt`, { headers: { 'accept-encoding': 'gzip' } });

      expect([response.headers.get('content-encoding'), await response.text()]).toEqual([coding, body]);
      expect(response.headers.get('vary')).toBe(coding && 'Accept-Encoding');
      expect(response.headers.get('content-type')).toBe(type);
    },
  );

  it('an answer whose object is encoded already is not compressed again', async () => {
    const oss = await startOss();
    const headers = { 'content-type': 'text/plain', 'content-encoding': 'identity' };
    await put(oss, { ...headers, 'x-oss-object-acl': 'public-read' }, 'x'.repeat(2000));

    const response = await fetch(`${oss.url}/photos/a.txt`, { headers: { 'accept-encoding': 'gzip' } });

    expect(response.headers.get('content-encoding')).toBe('identity');
  });

  it('an answer to HEAD says that the object would be compressed', async () => {
    const oss = await startOss();
    await put(oss, { 'content-type': 'text/css', 'x-oss-object-acl': 'public-read' }, 'x'.repeat(2000));

    const { headers } = await fetch(`${oss.url}/photos/a.txt`, {
      method: 'HEAD',
      headers: { 'accept-encoding': 'gzip' },
    });

    const shown = ['content-encoding', 'etag', 'content-length'].map((name) => headers.get(name));
    expect(shown).toEqual(['gzip', null, null]);
  });

  it('an answer keeps the header of its object for which a request has an empty one', async () => {
    const oss = await startOss();
    await put(oss, { 'content-type': 'text/css' });

    const { headers } = await oss.call({ ...object, method: 'GET', query: { 'response-content-type': '' } });

    expect(headers['content-type']).toBe('text/css');
  });

  it('an answer of a process is given the name that a download asks for', async () => {
    const oss = await startOss();
    await put(oss);
    const query = {
      'x-oss-process': 'image/info',
      'response-content-disposition': 'attachment; filename=small.jpg',
    };

    const { headers } = await oss.call({ ...object, method: 'GET', query });

    expect(headers['content-disposition']).toBe('attachment; filename=small.jpg');
  });
});

describe('times in documents', () => {
  const nowMs = Date.UTC(2026, 10, 27, 2, 0, 4, 937);

  it('times in documents are in whole seconds and end in .000Z, which aliyun-oss-python-sdk insists on', async () => {
    const oss = await startOss({ now: () => nowMs });
    const call = (more: object) => oss.call({ bucket: 'photos', method: 'GET', timeMs: nowMs, ...more });
    await call({ key: 'a.txt', method: 'PUT', body: 'hello' });
    const begun = await call({ key: 'b', method: 'POST', query: { uploads: '' } });
    const uploadId = element(begun.text, 'UploadId') ?? '';
    await call({ key: 'b', method: 'PUT', query: { uploadId, partNumber: '1' }, body: 'part' });

    const documents = [
      await call({}),
      await call({ query: { 'list-type': '2' } }),
      await call({ query: { versions: '' } }),
      await call({ query: { uploads: '' } }),
      await call({ key: 'b', query: { uploadId } }),
      await call({ query: { bucketInfo: '' } }),
      await call({ key: 'c', method: 'PUT', headers: { 'x-oss-copy-source': '/photos/a.txt' } }),
      await call({ bucket: '' }),
    ];

    const time = /<(?:LastModified|Initiated|CreationDate)>([^<]*)</;
    expect(documents.map(({ text }) => time.exec(text)?.[1])).toEqual(
      documents.map(() => '2026-11-27T02:00:04.000Z'),
    );
  });
});
