/** What no program on undici can be faster than: its request alone, ready signed, the answer parsed and nothing else. */
import { Agent, request } from 'undici';
import { source, style } from './sample.ts';

const base64Url = (text: string) => Buffer.from(text).toString('base64url');
const dispatcher = new Agent({ connections: 1, headersTimeout: 0, bodyTimeout: 0 });
const body = Buffer.from(
  `x-oss-process=${style}|sys/saveas,o_${base64Url('derived/portrait-320.webp')},b_${base64Url(source.bucket)}`,
);
const headers = {
  'content-md5': 'bZkZGkHPRbNmY7QDcLJ4Tg==',
  'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  'x-oss-date': '20260311T062135Z',
  'x-oss-security-token': 'CAISogJ1q6Ft5B2yfSjIr5DbHI'.repeat(28),
  authorization: `OSS4-HMAC-SHA256 Credential=STS.bench/20260311/cn-hangzhou/oss/aliyun_v4_request,Signature=${'0'.repeat(64)}`,
};

export async function handler(): Promise<unknown> {
  const url = `${process.env.OSS_ENDPOINT}/${source.bucket}/${source.key}?x-oss-process`;
  const answer = await request(url, { dispatcher, method: 'POST', headers, body });
  return answer.body.json();
}
