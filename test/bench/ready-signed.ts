/** The sample's request as it goes over the wire, signed beforehand: for programs that measure the sending alone. */
import { source, style } from './sample.ts';

const base64Url = (text: string) => Buffer.from(text).toString('base64url');

export const origin = process.env.OSS_ENDPOINT ?? '';
export const path = `/${source.bucket}/${source.key}?x-oss-process`;
export const body = Buffer.from(
  `x-oss-process=${style}|sys/saveas,o_${base64Url('derived/portrait-320.webp')},b_${base64Url(source.bucket)}`,
);
export const headers = {
  'content-md5': 'bZkZGkHPRbNmY7QDcLJ4Tg==',
  'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  'x-oss-date': '20260311T062135Z',
  'x-oss-security-token': 'CAISogJ1q6Ft5B2yfSjIr5DbHI'.repeat(28),
  authorization: `OSS4-HMAC-SHA256 Credential=STS.bench/20260311/cn-hangzhou/oss/aliyun_v4_request,Signature=${'0'.repeat(64)}`,
};
