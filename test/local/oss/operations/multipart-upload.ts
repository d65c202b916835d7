import type { RunningOss } from '../running-oss.ts';
import type { SignOptions } from '../v4-client.ts';

export const object = { bucket: 'photos', key: 'big' };
export const kb100 = Buffer.alloc(100 * 1024, 'x');
export const element = (text: string, name: string) =>
  new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1] ?? '';
export const elements = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, value]) => value);

export async function initiate(oss: RunningOss, options: Partial<SignOptions> = {}): Promise<string> {
  const { text } = await oss.call({ ...object, method: 'POST', query: { uploads: '' }, ...options });
  return element(text, 'UploadId');
}

export const uploadPart = (oss: RunningOss, uploadId: string, number: number, body: Buffer | string) =>
  oss.call({ ...object, method: 'PUT', query: { partNumber: String(number), uploadId }, body });

export function complete(
  oss: RunningOss,
  uploadId: string,
  parts: [number, string][],
  options: Partial<SignOptions> = {},
) {
  const named = parts.map(
    ([number, eTag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${eTag}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
  return oss.call({ ...object, method: 'POST', query: { uploadId }, body, ...options });
}
