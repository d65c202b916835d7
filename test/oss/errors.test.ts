import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  classify,
  OssRequestError,
  OssServiceError,
  type RetryKind,
  unexpectedAnswer,
} from '../../src/oss/errors.ts';
import { errorXml } from './mock-oss.ts';

const context = { operation: 'ProcessObject', bucket: 'photos', key: 'a/b.jpg', attempts: 2 };

function serviceError(statusCode: number, body: string | Buffer, headers: Record<string, string> = {}) {
  return new OssServiceError(context, { statusCode, headers, body: Buffer.from(body) });
}

describe('an error answer of OSS', () => {
  it('an error answer of OSS reads as operation, object, status, code, message and ids', () => {
    const error = serviceError(
      404,
      errorXml('NoSuchKey', 'The specified key does not exist.', '<EC>0026-00000001</EC>'),
    );

    expect(error.message).toBe(
      'ProcessObject oss://photos/a/b.jpg failed: 404 NoSuchKey: The specified key does not exist. (requestId 65B0, ec 0026-00000001)',
    );
    expect({ ...error }).toEqual({
      context,
      name: 'OssServiceError',
      statusCode: 404,
      code: 'NoSuchKey',
      requestId: '65B0',
      ec: '0026-00000001',
      kind: 'permanent',
      serverTimeMs: undefined,
      retryAfterMs: undefined,
    });
  });

  it('an error answer of OSS names the endpoint where OSS says that the bucket has another one', () => {
    const message = 'The bucket you are attempting to access must be addressed using the specified endpoint.';
    const document = errorXml('AccessDenied', message, '<Endpoint>oss-cn-shenzhen.aliyuncs.com</Endpoint>');

    expect(serviceError(403, document).message).toContain(`${message} oss-cn-shenzhen.aliyuncs.com (`);
  });

  it('an error answer of OSS says where it redirects to', () => {
    const error = serviceError(301, '', { location: `https://cdn.example.com/${'x'.repeat(500)}` });

    expect(error.message).toContain('(no body, a redirect to https://cdn.example.com/xxx');
    expect(error.message.length).toBeLessThan(300);
  });

  it('an error answer of OSS takes request id and ec from the headers first', () => {
    const error = serviceError(403, errorXml('AccessDenied', 'no'), {
      'x-oss-request-id': 'H1',
      'x-oss-ec': '0003-1',
    });

    expect(error).toMatchObject({ requestId: 'H1', ec: '0003-1' });
  });

  it('an error answer of OSS is read from the Base64 header that HEAD has instead of a body', () => {
    const encoded = Buffer.from(errorXml('NoSuchBucket', 'gone')).toString('base64');

    expect(serviceError(404, '', { 'x-oss-err': encoded })).toMatchObject({
      code: 'NoSuchBucket',
      message: expect.stringContaining(': gone ('),
    });
  });

  it('an error answer of OSS is read with its references to characters, and not at all where it was cut off', () => {
    const document =
      '<?xml version="1.0"?>\n<Error xmlns="x"><Code>A</Code><Message>&lt;&gt;&quot;&apos;&amp;lt;&nbsp;&#20013;&#x1F4F7;&#xFFFFF;&#x110000;</Message></Error>';

    expect(serviceError(400, document)).toMatchObject({
      code: 'A',
      message: expect.stringContaining(': <>"\'&lt;&nbsp;中📷\u{fffff}&#x110000;'),
    });
    expect(serviceError(400, document.slice(0, -1))).toMatchObject({ code: 'BadErrorResponse' });
  });

  it('an error answer of OSS is read from JSON', () => {
    const error = serviceError(
      400,
      '{"Error":{"Code":"Imm Client","Message":"not attached","RequestId":"R","EC":"E"}}',
    );

    expect(error).toMatchObject({ code: 'Imm Client', requestId: 'R', ec: 'E' });
    expect(error.message).toContain('Imm Client: not attached (');
  });

  it.each([
    ['<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2023-12-16T16:20:57.000Z</ServerTime></Error>', {}],
    ['<Error><Code>RequestTimeTooSkewed</Code></Error>', { date: 'Sat, 16 Dec 2023 16:20:57 GMT' }],
  ])('an error answer of OSS tells the time of the server: %s %j', (body, headers) => {
    expect(serviceError(403, body, headers)).toMatchObject({
      kind: 'skewed',
      serverTimeMs: 1_702_743_657_000,
    });
  });

  it.each(['+275760-09-13T00:00:00Z', '-000001-01-01T00:00:00Z', 'soon'])(
    'an error answer of OSS tells no time that a signature cannot bear: %s',
    (time) => {
      const document = errorXml('RequestTimeTooSkewed', 'too far off', `<ServerTime>${time}</ServerTime>`);

      expect(serviceError(403, document)).toMatchObject({ kind: 'later', serverTimeMs: undefined });
    },
  );

  it('an error answer of OSS is left to a later invocation where the clock is wrong and nobody tells the time', () => {
    expect(serviceError(403, errorXml('RequestTimeTooSkewed', 'too far off')).kind).toBe('later');
  });

  it.each([
    ['<html><body>Bad gateway</body></html>', '(37 bytes of text/html)'],
    ['<Error><Message>no code</Message></Error>', '(41 bytes of text/html)'],
    ['{"Error":"text"}', '(16 bytes of text/html)'],
    ['{"Error":null}', '(14 bytes of text/html)'],
    ['{broken', '(7 bytes of text/html)'],
    ['Quoted: <Error><Code>A</Code></Error>', '(37 bytes of text/html)'],
    ['<Error><Code>A</Code></Error> quoted', '(36 bytes of text/html)'],
    ['', '(no body)'],
  ])('an error answer of OSS is named BadErrorResponse, unquoted, when it is %j', (body, description) => {
    const error = serviceError(502, body, { 'content-type': 'text/html' });

    expect(error).toMatchObject({ code: 'BadErrorResponse', kind: 'transient' });
    expect(error.message).toBe(
      `ProcessObject oss://photos/a/b.jpg failed: 502 BadErrorResponse: the answer has no OSS error document ${description}`,
    );
  });

  it('an error answer of OSS never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, header) => {
        const error = serviceError(500, Buffer.from(bytes), { 'x-oss-err': header });

        expect(error.code).toBe('BadErrorResponse');
      }),
    );
  });

  it('an error answer of OSS is bounded in every text that it brings', () => {
    const long = 'x'.repeat(60_000);
    const headers = { 'x-oss-request-id': long, 'x-oss-ec': long, 'content-type': long };

    const endpoint = `<Endpoint>${long}</Endpoint>`;
    expect(serviceError(500, errorXml(long, long, endpoint), headers).message.length).toBeLessThan(1_600);
    expect(serviceError(500, errorXml('A', long), {}).message).toContain('x'.repeat(1_000));
    expect(serviceError(500, '', headers).message.length).toBeLessThan(1_500);
  });

  it('an error answer of OSS keeps nothing of the document but the fields it names', () => {
    const echo = '<StringToSign>x-oss-security-token:very-token</StringToSign>';
    const error = serviceError(403, errorXml('SignatureDoesNotMatch', 'check your key', echo));

    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(
      'very-token',
    );
  });
});

describe('an answer that is not what the operation answers', () => {
  const answerWith = (headers: Record<string, string>) =>
    unexpectedAnswer({ statusCode: 200, headers, body: Buffer.from('page'), context }, 'instead of JSON');

  it('an answer that is not what the operation answers is told by its status, size and type, and by its request id where it has one', () => {
    const told = 'ProcessObject oss://photos/a/b.jpg failed: UnexpectedAnswer: 200 with 4 bytes of';

    expect(answerWith({ 'content-type': 'text/html', 'x-oss-request-id': 'R1' }).message).toBe(
      `${told} text/html instead of JSON (requestId R1)`,
    );
    expect(answerWith({}).message).toBe(`${told} unknown type instead of JSON`);
  });

  it('an answer that is not what the operation answers is bounded in every text that it brings', () => {
    const long = 'x'.repeat(60_000);

    const { message, requestId } = answerWith({ 'content-type': long, 'x-oss-request-id': long });

    expect(message.length).toBeLessThan(400);
    expect(requestId).toHaveLength(100);
  });
});

describe('a request without an answer', () => {
  it.each([
    ['the reason of its cause', new Error('other side closed'), 'other side closed'],
    [
      'the reason at the first address of a host that has several',
      new AggregateError([new Error('connect ECONNREFUSED ::1:9000'), new Error('connect …')]),
      'connect ECONNREFUSED ::1:9000',
    ],
    ['that there is none where the cause is silent', new Error(''), 'no reason given'],
    ['that there is none where the cause is no error', 'text', 'no reason given'],
  ])('a request without an answer tells %s', (_, cause, reason) => {
    const error = new OssRequestError(context, { code: 'ECONNREFUSED', kind: 'transient', cause });

    expect(error.message).toBe(`ProcessObject oss://photos/a/b.jpg failed: ECONNREFUSED: ${reason}`);
    expect(error.cause).toBe(cause);
  });
});

describe('the kind of a failure', () => {
  it.each<[number, string, string, RetryKind]>([
    [500, 'InternalError', '', 'transient'],
    [502, 'BadErrorResponse', '', 'transient'],
    [408, 'BadErrorResponse', '', 'transient'],
    [400, 'TooManyPipe', '', 'permanent'],
    [400, 'TooManyPipes', '', 'permanent'],
    [403, 'ImageDamage', '', 'permanent'],
    [400, 'RequestTimeout', '', 'transient'],
    [503, 'CpuLimitExceeded', '', 'throttled'],
    [503, 'TotalQpsLimitExceeded', '', 'throttled'],
    [429, 'BadErrorResponse', '', 'throttled'],
    [403, 'RequestTimeTooSkewed', '', 'skewed'],
    [400, 'InvalidArgument', 'Invalid signing date in Authorization header.', 'skewed'],
    [400, 'InvalidArgument', 'operation not support post: info', 'permanent'],
    [400, 'BadRequest', 'Input is not base64 decoding.', 'permanent'],
    [400, 'InvalidArgument', 'Invalid signing region in Authorization header.', 'later'],
    [400, 'BadErrorResponse', '', 'later'],
    [400, 'ImageTooLarge', '', 'permanent'],
    [400, 'BadWebPImage', '', 'permanent'],
    [400, 'WatermarkError', '', 'permanent'],
    [400, 'MemLimitExceeded', '', 'permanent'],
    [400, 'OperationNotSupported', '', 'permanent'],
    [400, 'InvalidTargetType', '', 'permanent'],
    [400, 'MissingArgument', '', 'permanent'],
    [400, 'InvalidRequest', '', 'permanent'],
    [400, 'InvalidObjectName', '', 'permanent'],
    [400, 'NotImplemented', '', 'permanent'],
    [400, 'Imm Client', 'ResourceNotFound, The specified resource Attachment is not found', 'later'],
    [400, 'KmsServiceNotEnabled', '', 'later'],
    [400, 'UserKeyMustBeSpecified', '', 'later'],
    [400, 'InvalidBucketName', '', 'later'],
    [400, 'WhatOssMayNameOneDay', '', 'later'],
    [400, 'InvalidDigest', '', 'transient'],
    [400, 'IncompleteBody', '', 'transient'],
    [403, 'AccessDenied', '', 'later'],
    [403, 'SecurityTokenExpired', '', 'later'],
    [403, 'InvalidObjectState', '', 'permanent'],
    [404, 'NoSuchKey', '', 'permanent'],
    [404, 'NoSuchFile', '', 'permanent'],
    [404, 'SymlinkTargetNotExist', '', 'permanent'],
    [404, 'NoSuchBucket', '', 'later'],
    [404, 'NoSuchStyle', '', 'later'],
    [404, 'BadErrorResponse', '', 'later'],
    [409, 'FileAlreadyExists', '', 'later'],
    [425, 'BadErrorResponse', '', 'later'],
    [501, 'NotImplemented', '', 'permanent'],
    [501, 'BadErrorResponse', '', 'later'],
    [307, 'BadErrorResponse', '', 'later'],
  ])('the kind of a failure of %i %s "%s" is %s', (statusCode, code, message, kind) => {
    expect(classify(statusCode, code, message)).toBe(kind);
  });
});
