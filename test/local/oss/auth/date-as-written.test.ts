/* The way in which aliyun-oss-go-sdk, and ossutil with it, sign by V4: the date stands in `Date` and is signed as it stands. */
import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { put } from '../text-object.ts';
import { send } from '../v4-client.ts';

it.each([
  ['as it stands', (date: string) => date, 200],
  ['in another form', (date: string) => date.replace('GMT', 'UTC'), 403],
])('a V4 signature covers Date %s', async (_, signedText, expected) => {
  const oss = await startOss();
  await put(oss);
  const date = new Date().toUTCString();
  const scope = `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/cn-hangzhou/oss/aliyun_v4_request`;
  const canonical = 'GET\n/photos/a.txt\n\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n\n\nUNSIGNED-PAYLOAD';
  const hash = createHash('sha256').update(canonical).digest('hex');
  const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, 'aliyun_v4local-secret');
  const text = `OSS4-HMAC-SHA256\n${signedText(date)}\n${scope}\n${hash}`;
  const authorization = `OSS4-HMAC-SHA256 Credential=local/${scope},Signature=${hmac(key, text).toString('hex')}`;
  const headers = { date, 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD', authorization };

  const { statusCode } = await send(oss.port, {
    method: 'GET',
    path: '/photos/a.txt',
    headers,
    body: Buffer.alloc(0),
  });

  expect(statusCode).toBe(expected);
});
