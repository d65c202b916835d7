import OSS from 'ali-oss';
import type { RunningOss } from './running-oss.ts';

type Headers = Record<string, string>;

interface AliAnswer {
  readonly res: { readonly status: number; readonly headers: Headers };
}

interface AliPage {
  readonly objects: { name: string; type: string }[] | undefined;
  readonly prefixes: string[] | null;
  readonly nextMarker: string | null;
  readonly nextContinuationToken: string | null;
}

interface AliUpload extends AliAnswer {
  readonly uploadId: string;
  readonly etag: string;
}

interface AliOptions {
  headers?: Headers;
  meta?: Record<string, string | number>;
  mime?: string;
  process?: string;
  position?: string | number;
  partSize?: number;
}

/** The part of the official client that these tests call; its published types lack half of it and contradict some of the rest. */
interface AliClient {
  put(name: string, body: Buffer | NodeJS.ReadableStream, options?: AliOptions): Promise<AliAnswer>;
  append(
    name: string,
    body: Buffer,
    options?: AliOptions,
  ): Promise<AliAnswer & { nextAppendPosition: string }>;
  get(name: string, options?: AliOptions): Promise<AliAnswer & { content: Buffer }>;
  head(name: string, options?: AliOptions): Promise<AliAnswer & { meta: Record<string, string> | null }>;
  getObjectMeta(name: string): Promise<AliAnswer>;
  delete(name: string): Promise<AliAnswer>;
  deleteMulti(names: string[], options?: { quiet?: boolean }): Promise<{ deleted: { Key: string }[] }>;
  copy(name: string, source: string, options?: AliOptions): Promise<AliAnswer>;
  putMeta(name: string, meta: Record<string, string>): Promise<AliAnswer>;
  list(query: Record<string, string | number>, options: object): Promise<AliPage>;
  listV2(query: Record<string, string | number>, options?: object): Promise<AliPage>;
  putSymlink(name: string, target: string): Promise<AliAnswer>;
  getSymlink(name: string): Promise<{ targetName: string }>;
  putObjectTagging(name: string, tags: Record<string, string>): Promise<AliAnswer>;
  getObjectTagging(name: string): Promise<{ tag: Record<string, string> }>;
  deleteObjectTagging(name: string): Promise<AliAnswer>;
  putACL(name: string, acl: string): Promise<AliAnswer>;
  getACL(name: string): Promise<{ acl: string }>;
  processObjectSave(source: string, target: string, process: string, bucket: string): Promise<AliAnswer>;
  signatureUrl(name: string, options?: { expires?: number; method?: string; process?: string }): string;
  signatureUrlV4(method: string, expires: number, request: object, name: string): Promise<string>;
  calculatePostSignature(policy: object): { OSSAccessKeyId: string; Signature: string; policy: string };
  signPostObjectPolicyV4(policy: object, date: Date): string;
  initMultipartUpload(name: string, options?: AliOptions): Promise<AliUpload>;
  uploadPart(
    name: string,
    id: string,
    part: number,
    file: string,
    start: number,
    end: number,
  ): Promise<AliUpload>;
  uploadPartCopy(
    name: string,
    id: string,
    part: number,
    range: string,
    source: { sourceKey: string; sourceBucketName: string },
  ): Promise<AliUpload>;
  completeMultipartUpload(
    name: string,
    id: string,
    parts: { number: number; etag: string }[],
  ): Promise<AliUpload>;
  abortMultipartUpload(name: string, id: string): Promise<AliAnswer>;
  listParts(
    name: string,
    id: string,
    query: object,
  ): Promise<{ parts: { PartNumber: string; ETag: string; Size: string }[]; isTruncated: string }>;
  listUploads(query: object): Promise<{ uploads: { name: string; uploadId: string }[] }>;
  multipartUpload(name: string, file: string, options: AliOptions): Promise<AliUpload>;
  putBucket(name: string): Promise<AliAnswer>;
  deleteBucket(name: string): Promise<AliAnswer>;
  useBucket(name: string): void;
  listBuckets(query: object): Promise<{ buckets: { name: string }[] }>;
  getBucketInfo(name: string): Promise<{ bucket: Record<string, string> }>;
  getBucketACL(name: string): Promise<{ acl: string }>;
  putBucketACL(name: string, acl: string): Promise<AliAnswer>;
}

/** The official client as people set it up: V4 unless told otherwise, an IP endpoint, or path style with `sldEnable`. */
export function aliClient({ port }: RunningOss, options: Record<string, unknown> = {}): AliClient {
  const client: unknown = new OSS({
    accessKeyId: 'local',
    accessKeySecret: 'local-secret',
    bucket: 'photos',
    region: 'oss-cn-hangzhou',
    endpoint: `http://127.0.0.1:${port}`,
    authorizationV4: true,
    ...options,
  });
  return client as AliClient; // The types of the package are not of this version of it: see above.
}
