/* Official SDKs' own integration tests, run against this server, found it to do these things otherwise than OSS. */
import { describe, expect, it } from 'vitest';
import { type RunningOss, startOss } from './running-oss.ts';
import { element, object, put } from './text-object.ts';

describe('encryption by OSS', () => {
  it.each([
    { 'x-oss-server-side-encryption': 'AES256' },
    { 'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': '9468da86' },
  ])(
    'encryption by OSS is shown of an object that asked for it, though nothing is encrypted here: %j',
    async (encryption) => {
      const oss = await startOss();

      const stored = await put(oss, encryption);
      const begun = await oss.call({
        ...object,
        method: 'POST',
        query: { uploads: '' },
        headers: encryption,
      });
      const { headers } = await oss.call({ ...object, method: 'HEAD' });

      for (const shown of [stored.headers, begun.headers, headers]) {
        expect(shown).toMatchObject(encryption);
      }
    },
  );
});

describe('an object of an archive class', () => {
  const process = { 'x-oss-process': '' };
  const saveAs = `x-oss-process=image/info|sys/saveas,o_${Buffer.from('b').toString('base64url')}`;

  it.each(['Archive', 'ColdArchive', 'DeepColdArchive'])(
    'is kept and shown, and not read: %s',
    async (name) => {
      const oss = await startOss();
      await put(oss, { 'x-oss-storage-class': name });

      const head = await oss.call({ ...object, method: 'HEAD' });
      const refused = [
        await oss.call({ ...object, method: 'GET' }),
        await oss.call({ ...object, method: 'GET', query: { 'x-oss-process': 'image/info' } }),
        await oss.call({ ...object, method: 'POST', query: process, body: saveAs }),
        await oss.call({
          bucket: 'photos',
          key: 'copy',
          method: 'PUT',
          headers: { 'x-oss-copy-source': '/photos/a.txt' },
        }),
      ];

      expect(head.headers['x-oss-storage-class']).toBe(name);
      for (const { statusCode, code, headers } of refused) {
        expect([statusCode, code, headers['x-oss-ec']]).toEqual([403, 'InvalidObjectState', '0016-00000404']);
      }
    },
  );

  it('a bucket of an archive class makes objects of that class', async () => {
    const oss = await startOss();
    const body =
      '<CreateBucketConfiguration><StorageClass>Archive</StorageClass></CreateBucketConfiguration>';
    await oss.call({ bucket: 'archive', method: 'PUT', body });
    await oss.call({ bucket: 'archive', key: 'a', method: 'PUT', body: 'x' });

    const info = await oss.call({ bucket: 'archive', method: 'GET', query: { bucketInfo: '' } });
    const stat = await oss.call({ bucket: 'archive', method: 'GET', query: { stat: '' } });

    expect(element(info.text, 'StorageClass')).toBe('Archive');
    expect(element(stat.text, 'ArchiveObjectCount')).toBe('1');
  });

  it('a class of a name that OSS does not have is refused', async () => {
    const { statusCode, code } = await put(await startOss(), { 'x-oss-storage-class': 'Cupboard' });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
  });
});

describe('a copy', () => {
  const copy = (oss: RunningOss, headers: Record<string, string>, key = 'b.txt') =>
    oss.call({
      bucket: 'photos',
      key,
      method: 'PUT',
      headers: { 'x-oss-copy-source': '/photos/a.txt', ...headers },
    });
  const headOf = async (oss: RunningOss, key: string) =>
    (await oss.call({ bucket: 'photos', key, method: 'HEAD' })).headers;

  it.each([
    [{ 'if-match': '"other"' }, 200],
    [{ 'if-modified-since': new Date(Date.now() + 1e9).toUTCString() }, 200],
    [{ 'if-none-match': '*', 'x-oss-copy-source-if-match': '"other"' }, 412],
  ])('a copy is decided by the conditions of its source alone: %j', async (headers, statusCode) => {
    const oss = await startOss();
    await put(oss);

    expect((await copy(oss, headers)).statusCode).toBe(statusCode);
  });

  it('a copy takes the only version of its source', async () => {
    const oss = await startOss();
    await put(oss);

    const only = await copy(oss, { 'x-oss-copy-source': '/photos/a.txt?versionId=null' });
    const other = await copy(oss, { 'x-oss-copy-source': '/photos/a.txt?versionId=1' });

    expect([only.statusCode, other.statusCode]).toEqual([200, 501]);
  });

  it('a copy of an object onto itself takes the metadata of the request, whatever the directive', async () => {
    const oss = await startOss();
    await put(oss, { 'x-oss-meta-a': '1' });

    await copy(oss, { 'x-oss-meta-b': '2' }, 'a.txt');

    const headers = await headOf(oss, 'a.txt');
    expect([headers['x-oss-meta-a'], headers['x-oss-meta-b']]).toEqual([undefined, '2']);
  });

  it('a copy that replaces metadata keeps the content type, and what an encrypting client needs', async () => {
    const oss = await startOss();
    await put(oss, {
      'content-type': 'image/png',
      'x-oss-meta-a': '1',
      'x-oss-meta-client-side-encryption-key': 'k',
    });

    await copy(oss, { 'x-oss-metadata-directive': 'REPLACE', 'x-oss-meta-b': '2' });

    const headers = await headOf(oss, 'b.txt');
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'x-oss-meta-b': '2',
      'x-oss-meta-client-side-encryption-key': 'k',
    });
    expect(headers['x-oss-meta-a']).toBeUndefined();
  });
});

describe('a multipart upload', () => {
  async function initiate(oss: RunningOss): Promise<string> {
    const { text } = await oss.call({ ...object, method: 'POST', query: { uploads: '' } });
    return element(text, 'UploadId') ?? '';
  }
  const complete = (oss: RunningOss, uploadId: string, body: string, headers: Record<string, string> = {}) =>
    oss.call({ ...object, method: 'POST', query: { uploadId }, body, headers });

  it('takes the headers of an encrypting client with a part', async () => {
    const oss = await startOss();
    const query = { partNumber: '1', uploadId: await initiate(oss) };
    const headers = { 'x-oss-meta-client-side-encryption-data-size': '5' };

    expect((await oss.call({ ...object, method: 'PUT', query, headers, body: 'hello' })).statusCode).toBe(
      200,
    );
  });

  it('a multipart upload without parts becomes an empty object', async () => {
    const oss = await startOss();

    const response = await complete(oss, await initiate(oss), '<CompleteMultipartUpload/>');

    expect(response.statusCode).toBe(200);
    const { headers } = await oss.call({ ...object, method: 'HEAD' });
    expect(headers['content-length']).toBe('0');
  });

  it('a multipart upload is not completed by a list of parts and by all of them', async () => {
    const oss = await startOss();
    const uploadId = await initiate(oss);
    const part = await oss.call({
      ...object,
      method: 'PUT',
      query: { partNumber: '1', uploadId },
      body: 'x',
    });
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;

    const response = await complete(oss, uploadId, list, { 'x-oss-complete-all': 'yes' });

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      400,
      'InvalidArgument',
      '0042-00000216',
    ]);
    expect(element(response.text, 'Message')).toBe(
      'Should not speficy both complete all header and http body.',
    );
  });

  it.each([
    ['DELETE', {}, '0042-00000002'],
    ['GET', {}, '0042-00000002'],
    ['PUT', { partNumber: '1' }, '0042-00000104'],
  ])('a multipart upload that is not there is named with its ec: %s', async (method, query, ec) => {
    const oss = await startOss();

    const response = await oss.call({ ...object, method, query: { ...query, uploadId: 'none' }, body: '' });

    expect([response.statusCode, response.code, response.headers['x-oss-ec']]).toEqual([
      404,
      'NoSuchUpload',
      ec,
    ]);
  });
});

describe('an ACL that OSS does not have', () => {
  it.each([
    ['PUT', '', {}, 'x-oss-acl'],
    ['PUT', '', { acl: '' }, 'x-oss-acl'],
    ['PUT', 'a', {}, 'x-oss-object-acl'],
    ['PUT', 'a', { acl: '' }, 'x-oss-object-acl'],
    ['POST', 'a', { uploads: '' }, 'x-oss-object-acl'],
  ])('an ACL that OSS does not have is refused: %s %j %j %s', async (method, key, query, header) => {
    const oss = await startOss();
    await put(oss, {}, 'x', 'a');

    const headers = { [header]: 'public-write' };
    const { statusCode, code } = await oss.call({ bucket: 'photos', key, method, query, headers, body: '' });

    expect([statusCode, code]).toEqual([400, 'InvalidArgument']);
  });
});

describe('PutBucketAcl', () => {
  it('makes the bucket that is missing, and says where', async () => {
    const oss = await startOss();
    const request = { method: 'PUT', query: { acl: '' }, headers: { 'x-oss-acl': 'public-read' } };

    const made = await oss.call({ ...request, bucket: 'others' });
    const known = await oss.call({ ...request, bucket: 'photos' });

    expect([made.statusCode, made.headers.location]).toEqual([200, '/others']);
    expect([known.statusCode, known.headers.location]).toEqual([200, '/photos']);
    const acl = await oss.call({ bucket: 'others', method: 'GET', query: { acl: '' } });
    expect(element(acl.text, 'Grant')).toBe('public-read');
  });
});

describe('times in documents', () => {
  const nowMs = Date.UTC(2026, 10, 27, 2, 0, 4, 937);

  it('are in whole seconds and end in .000Z, which aliyun-oss-python-sdk insists on', async () => {
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

describe('a multipart upload of a client that encrypts', () => {
  it('tells in its list of parts how it is encrypted', async () => {
    const oss = await startOss();
    const headers = {
      'x-oss-meta-client-side-encryption-key': 'a2V5',
      'x-oss-meta-client-side-encryption-start': 'aXY',
      'x-oss-meta-client-side-encryption-part-size': '102400',
    };
    const begun = await oss.call({ ...object, method: 'POST', query: { uploads: '' }, headers });

    const query = { uploadId: element(begun.text, 'UploadId') ?? '' };
    const { text } = await oss.call({ ...object, method: 'GET', query });

    const shown = ['Key', 'Start', 'PartSize', 'DataSize'].map((name) =>
      element(text, `ClientEncryption${name}`),
    );
    expect(shown).toEqual(['a2V5', 'aXY', '102400', undefined]);
  });
});

describe('a download under another name', () => {
  it.each([
    ['attachment; filename="猫.txt"', 'attachment; filename="猫.txt"'],
    ['attachment; filename=a\x00\x1f\x7f\r\nb', 'attachment; filename=ab'],
  ])('is named %j as %j, in UTF-8 and without control characters', async (asked, shown) => {
    const oss = await startOss();
    await put(oss);
    const query = { 'response-content-disposition': asked };

    const { statusCode, headers, text } = await oss.call({ ...object, method: 'GET', query });

    expect([statusCode, text]).toEqual([200, 'hello']);
    expect(Buffer.from(String(headers['content-disposition']), 'latin1').toString()).toBe(shown);
  });
});

describe('encryption and ACLs', () => {
  it('encryption by KMS without a key is by a key of OSS, which is named', async () => {
    const { headers } = await put(await startOss(), { 'x-oss-server-side-encryption': 'KMS' });

    expect(headers['x-oss-server-side-encryption-key-id']).toBe('local');
  });

  it('encryption by an algorithm that OSS has not is refused', async () => {
    const response = await put(await startOss(), { 'x-oss-server-side-encryption': 'DES' });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidEncryptionAlgorithmError']);
  });

  it.each([{}, { 'x-oss-object-acl': '' }])('an ACL that is missing is refused: %j', async (headers) => {
    const oss = await startOss();
    await put(oss);

    const response = await oss.call({ ...object, method: 'PUT', query: { acl: '' }, headers });

    expect([response.statusCode, response.code]).toEqual([400, 'InvalidArgument']);
  });
});
