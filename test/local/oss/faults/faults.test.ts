import { request as httpRequest } from 'node:http';
import OSS from 'ali-oss';
import { describe, expect, it } from 'vitest';
import { type FaultName, faultNames, refusalOf } from '../../../../src/local/oss/faults/kinds.ts';
import { type RunningOss, startOss } from '../running-oss.ts';
import { signV4 } from '../v4-client.ts';
import { clientOf, control, object, startFaulty } from './fault-client.ts';

const saved = { bucket: 'photos', key: 'derived/a.webp' };
const base64 = (text: string) => Buffer.from(text).toString('base64url');
const process = `image/info|sys/saveas,o_${base64(saved.key)},b_${base64(saved.bucket)}`;

/** Reads the object as it comes in, piece by piece; rejects where it ends too early. */
function read(oss: RunningOss, pieces: string[]): Promise<number | undefined> {
  const { path, headers } = signV4({ ...object, method: 'GET' });
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port: oss.port, path, headers, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => pieces.push(chunk.toString())).on('error', reject);
      response.on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end();
  });
}

describe('a refusal asked for', () => {
  const names = faultNames.filter(
    (fault) => !refusalOf(fault).message.endsWith('is no refusal.') && fault !== 'SecurityTokenExpired',
  );

  it.each(names.map((fault) => ({ fault, ...refusalOf(fault) })))(
    'a refusal asked for is seen as $statusCode $code, and nothing was done',
    async ({ fault, statusCode, code, details: { ec } }) => {
      const { oss, client } = await startFaulty([{ fault: fault, operation: 'ProcessObject' }]);

      const answer = client.processObject({ ...object, process });

      await expect(answer).rejects.toMatchObject({ statusCode, code, ec });
      await expect(client.headObject(saved)).rejects.toMatchObject({ code: 'NoSuchKey' });
      expect(oss.events).toHaveLength(1);
    },
  );

  it('a refusal asked for is seen by the official client by the same name', async () => {
    const { oss } = await startFaulty([{ fault: 'InternalError', operation: 'GetObject' }]);
    const options: OSS.Options & { authorizationV4: boolean } = {
      ...{ accessKeyId: 'local', accessKeySecret: 'local-secret', bucket: 'photos', authorizationV4: true },
      ...{ region: 'oss-cn-hangzhou', endpoint: `http://127.0.0.1:${oss.port}` },
    };

    const answer = new OSS(options).get(object.key);

    await expect(answer).rejects.toMatchObject({ code: 'InternalError', status: 500 });
  });

  it('a refusal of an image, asked for, befalls image processing alone', async () => {
    const { client } = await startFaulty([{ fault: 'CpuLimitExceeded' }, { fault: 'ImageTooLarge' }]);

    const put = await client.putObject({ ...object, body: 'x' });
    const view = client.getObject({ ...object, process: 'image/info' });

    expect(put.statusCode).toBe(200);
    await expect(view).rejects.toMatchObject({ code: 'CpuLimitExceeded' });
  });

  it('a refusal of an expired token, asked for, befalls temporary credentials alone', async () => {
    const { oss, client } = await startFaulty([{ fault: 'SecurityTokenExpired' }]);
    const credentials = () => oss.issueToken({ roleName: 'resizer' });

    const own = await client.headObject(object);
    const temporary = clientOf(oss, { credentials }).headObject(object);

    expect(own.statusCode).toBe(200);
    await expect(temporary).rejects.toMatchObject({ statusCode: 403, code: 'SecurityTokenExpired' });
  });

  it('a refusal asked for ends with its count, so that a client that tries again gets through', async () => {
    const { oss } = await startFaulty([{ fault: 'CpuLimitExceeded', count: 2 }]);

    const { attempts } = await clientOf(oss, { maxAttempts: 3 }).processObject({ ...object, process });

    expect(attempts).toBe(3);
  });
});

describe('a connection', () => {
  it('a connection that is dropped before the request leaves nothing done', async () => {
    const { oss, client } = await startFaulty([{ fault: 'DropBefore', count: 1 }]);

    const answer = client.putObject({ ...saved, body: 'x' });

    await expect(answer).rejects.toMatchObject({ name: 'OssRequestError', kind: 'transient' });
    await expect(client.headObject(saved)).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(oss.events).toHaveLength(1);
  });

  it('a connection that is dropped after the request leaves it done', async () => {
    const { client } = await startFaulty([{ fault: 'DropAfter', count: 1 }]);

    const answer = client.putObject({ ...saved, body: 'done' });

    await expect(answer).rejects.toMatchObject({ name: 'OssRequestError', kind: 'transient' });
    expect((await client.getObject(saved)).body.toString()).toBe('done');
  });

  it('a connection that is left half-open is never answered', async () => {
    const { oss } = await startFaulty([{ fault: 'HalfOpen', operation: 'HeadObject' }]);

    const answer = clientOf(oss, { attemptTimeoutMs: 150 }).headObject(object);

    await expect(answer).rejects.toMatchObject({ code: 'RequestTimeout', kind: 'transient' });
  });
});

describe('an answer', () => {
  it('an answer that is slow begins at once and comes too late for the impatient', async () => {
    const { oss } = await startFaulty([{ fault: 'SlowAnswer', delayMs: 60_000 }]);
    const pieces: string[] = [];

    const impatient = clientOf(oss, { attemptTimeoutMs: 150 }).getObject(object);
    await expect(impatient).rejects.toMatchObject({ code: 'RequestTimeout' });
    await control(oss, 'PUT', { rules: [{ fault: 'SlowAnswer', delayMs: 50 }] });
    const statusCode = await read(oss, pieces);

    expect(statusCode).toBe(200);
    expect(pieces).toEqual(['01234', '56789']);
  });

  it('an answer that is slow is late as a whole where it has no body', async () => {
    const { oss, client } = await startFaulty([{ fault: 'SlowAnswer', delayMs: 60_000, count: 1 }]);

    const impatient = clientOf(oss, { attemptTimeoutMs: 150 }).deleteObject(object);

    await expect(impatient).rejects.toMatchObject({ code: 'RequestTimeout' });
    await expect(client.headObject(object)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it.each<{ what: string; process?: string }>([
    { what: 'of a stored object' },
    { what: 'of a processed one', process: 'image/info' },
  ])('an answer $what that is truncated ends in its middle', async ({ process: style }) => {
    const { oss, client } = await startFaulty([{ fault: 'TruncatedAnswer' }]);
    const pieces: string[] = [];

    const whole = client.getObject({ ...object, process: style });

    await expect(whole).rejects.toMatchObject({ name: 'OssRequestError', kind: 'transient' });
    await expect(read(oss, pieces)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(pieces).toEqual(['01234']);
  });

  it('an answer in chunks stays one where it is slow', async () => {
    const { oss } = await startFaulty([{ fault: 'SlowAnswer', operation: 'GetObject', delayMs: 5 }]);
    const text = { bucket: 'photos', key: 'a.txt', headers: { 'content-type': 'text/plain' } };
    await oss.call({ ...text, method: 'PUT', body: 'x'.repeat(2000) });

    const headers = { 'accept-encoding': 'gzip' };
    const { path, headers: signed } = signV4({ ...text, method: 'GET', headers });
    const answer = await fetch(`http://127.0.0.1:${oss.port}${path}`, { headers: signed });

    expect(await answer.text()).toBe('x'.repeat(2000));
  });

  it('an answer of wrong JSON is complete and no JSON', async () => {
    const { client } = await startFaulty([{ fault: 'WrongJson' }]);

    const answer = client.processObject({ ...object, process });

    await expect(answer).rejects.toMatchObject({ code: 'UnexpectedAnswer', kind: 'later' });
    expect((await client.headObject(saved)).statusCode).toBe(200);
  });

  it('an answer of wrong JSON is none where OSS answers an error, which stays whole', async () => {
    const { client } = await startFaulty([{ fault: 'WrongJson' }]);

    const answer = client.processObject({ ...object, key: 'gone', process });

    await expect(answer).rejects.toMatchObject({
      code: 'NoSuchKey',
      message: expect.stringMatching(/exist/),
    });
  });

  it('an answer may tell of an object saved in place of the one asked for', async () => {
    const { oss, client } = await startFaulty([{ fault: 'OtherObject' }]);

    const answer = await client.processObject({ ...object, process });

    expect(answer).toMatchObject({ bucket: 'photos', key: 'derived/a.webp.other', processStatus: 'OK' });
    expect((await client.headObject({ ...saved, key: `${saved.key}.other` })).sizeBytes).toBe(
      answer.sizeBytes,
    );
    expect(oss.events[1]?.oss.object.key).toBe('derived/a.webp.other');
    await expect(client.headObject(saved)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });
});

describe('a clock that is off', () => {
  const rows: { fault: FaultName; statusCode: number; code: string; clockOffsetMs?: number }[] = [
    { fault: 'RequestTimeTooSkewed', statusCode: 403, code: 'RequestTimeTooSkewed' },
    {
      fault: 'RequestTimeTooSkewed',
      statusCode: 403,
      code: 'RequestTimeTooSkewed',
      clockOffsetMs: -7_200_000,
    },
    { fault: 'InvalidSigningDate', statusCode: 400, code: 'InvalidArgument' },
  ];

  it.each(rows)(
    'a clock that is off ($fault) is refused as $code until the client corrects its own',
    async ({ fault, statusCode, code, clockOffsetMs }) => {
      const { oss, client } = await startFaulty([{ fault, ...(clockOffsetMs && { clockOffsetMs }) }]);
      const correcting = clientOf(oss, { maxAttempts: 2 });

      await expect(client.headObject(object)).rejects.toMatchObject({ statusCode, code });
      const first = await correcting.headObject(object);
      const second = await correcting.headObject(object);

      expect([first.attempts, second.attempts]).toEqual([2, 1]);
    },
  );

  it('a clock that is off says the time of the server', async () => {
    const { oss } = await startFaulty([{ fault: 'RequestTimeTooSkewed' }]);

    const { text } = await oss.call({ ...object, method: 'GET' });

    const serverTime = Date.parse(/<ServerTime>(.*?)<\/ServerTime>/.exec(text)?.[1] ?? '');
    expect(Math.round((serverTime - Date.now()) / 60_000)).toBe(60);
  });
});

describe('the quota on image processing', () => {
  it('the quota on image processing refuses what exceeds the calls of a second, refills with time, and leaves the rest alone', async () => {
    let nowMs = Date.now();
    const now = () => nowMs;
    const oss = await startOss({ now, faults: { imageCallsPerSecond: 2 } });
    const client = clientOf(oss, { now });
    await client.putObject({ ...object, body: 'x' });
    const image = () =>
      client.processObject({ ...object, process }).then(
        () => 'OK',
        ({ code }) => code,
      );

    const burst = [await image(), await image(), await image()];
    nowMs += 500;
    const later = [await image(), await image()];
    const plain = await client.getObject(object);

    expect(burst).toEqual(['OK', 'OK', 'CpuLimitExceeded']);
    expect(later).toEqual(['OK', 'CpuLimitExceeded']);
    expect(plain.statusCode).toBe(200);
  });
});
