import { createHash } from 'node:crypto';
import { childrenNamed, childText } from '../../../oss/xml.ts';
import { contentMd5Check, readBody } from '../http/body.ts';
import { badRequest } from '../http/errors.ts';
import { digestHeaders, readProperties } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { readXml } from '../http/xml.ts';
import type { Upload } from '../store/uploads.ts';
import { copyReply, findCopySource, readCopyRange } from './copy.ts';
import { type Encode, encoder, limitOf } from './list-objects.ts';
import { createObject, fileAlreadyExists, isOverwriteForbidden, type OperationContext } from './operation.ts';
import { readObject } from './symlink.ts';

/** Documented: OSS help "CompleteMultipartUpload": every part but the last has 100 KB at least. */
const minPartBytes = 100 * 1024;

/** Raises an event although there is no object yet (documented: OSS help "Event notification"); size and ETag are then empty. */
export function initiateMultipartUpload(context: OperationContext): Reply {
  const { request, store, uploads } = context;
  const { bucket, key } = request;
  const isTaken = store.bucket(bucket).objects.has(key);
  if (isTaken && isOverwriteForbidden(request.headers)) {
    throw fileAlreadyExists();
  }
  const upload = uploads.initiate(bucket, key, readProperties(request.headers));
  notifyOfUpload(context, upload, 'ObjectCreated:InitiateMultipartUpload');
  return xmlReply({
    InitiateMultipartUploadResult: { ...address(context), UploadId: upload.id },
  });
}

export async function uploadPart(context: OperationContext): Promise<Reply> {
  const { request, uploads } = context;
  const upload = findUpload(context);
  const part = await uploads.putPart(upload, partNumber(context), request.body, contentMd5Check(request));
  notifyOfUpload(context, upload, 'ObjectCreated:UploadPart', part);
  return { statusCode: 200, headers: digestHeaders(part) };
}

export async function uploadPartCopy(context: OperationContext): Promise<Reply> {
  const { request, store, uploads } = context;
  const [upload, number] = [findUpload(context), partNumber(context)];
  const source = findCopySource(context);
  const range = readCopyRange(request.headers, source.meta.sizeBytes);
  const part = await uploads.putPart(upload, number, readObject(store, { ...source, ...range }));
  notifyOfUpload(context, upload, 'ObjectCreated:UploadPartCopy', part);
  return copyReply('CopyPartResult', part);
}

/** Assumed: the ETag is the MD5 of the parts' MD5s and, behind a dash, their number. */
export async function completeMultipartUpload(context: OperationContext): Promise<Reply> {
  const { request, uploads } = context;
  const { bucket, key, headers } = request;
  const upload = findUpload(context);
  const body = await readBody(request, 2 * 1024 * 1024);
  const numbers =
    headers.get('x-oss-complete-all') === 'yes'
      ? [...upload.parts.keys()].sort((a, b) => a - b)
      : readParts(upload, body);
  checkSizes(upload, numbers);
  const md5s = numbers.map((number) => Buffer.from(upload.parts.get(number)?.eTag ?? '', 'hex'));
  const eTag = `${createHash('md5').update(Buffer.concat(md5s)).digest('hex').toUpperCase()}-${numbers.length}`;
  const meta = await createObject(context, 'ObjectCreated:CompleteMultipartUpload', {
    bucket,
    key,
    source: uploads.read(upload, numbers),
    isOverwriteForbidden: isOverwriteForbidden(headers),
    ...upload.properties,
    ...(headers.has('x-oss-object-acl') && { acl: headers.get('x-oss-object-acl') ?? 'default' }),
    type: 'Multipart',
    eTag,
  });
  uploads.remove(upload);
  const location = `${context.endpoint}/${bucket}/${encodeURIComponent(key)}`;
  const reply = xmlReply({
    CompleteMultipartUploadResult: { ...address(context), Location: location, ETag: `"${eTag}"` },
  });
  return { ...reply, headers: { ...reply.headers, ...digestHeaders(meta) } };
}

export function abortMultipartUpload(context: OperationContext): Reply {
  const upload = findUpload(context);
  context.uploads.remove(upload);
  notifyOfUpload(context, upload, 'ObjectRemoved:AbortMultipartUpload');
  return { statusCode: 204 };
}

/** Documented: OSS help "ListParts": 1,000 parts by default and at most. */
export function listParts(context: OperationContext): Reply {
  const { query } = context.request;
  const upload = findUpload(context);
  const maxParts = limitOf(query, 'max-parts', 1000);
  const marker = Number(query.get('part-number-marker') || 0);
  const numbers = [...upload.parts.keys()].filter((number) => number > marker).sort((a, b) => a - b);
  const page = numbers.slice(0, maxParts);
  const parts = page.flatMap((number) => {
    const part = upload.parts.get(number);
    return part === undefined ? [] : [{ number, ...part }];
  });
  return xmlReply({
    ListPartsResult: {
      ...address(context),
      UploadId: upload.id,
      StorageClass: upload.properties.storageClass ?? 'Standard',
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1) ?? marker,
      MaxParts: maxParts,
      IsTruncated: page.length < numbers.length,
      Part: parts.map(({ number, eTag, crc64, sizeBytes, lastModifiedMs }) => ({
        PartNumber: number,
        LastModified: new Date(lastModifiedMs).toISOString(),
        ETag: `"${eTag}"`,
        HashCrc64ecma: crc64,
        Size: sizeBytes,
      })),
    },
  });
}

/** `<CompleteMultipartUpload><Part><PartNumber/><ETag/></Part>…`: throws InvalidPart, InvalidPartOrder. */
function readParts({ parts }: Upload, body: Buffer): number[] {
  const named = childrenNamed(readXml(body, 'CompleteMultipartUpload'), 'Part');
  const numbers = named.map((part) => Number(childText(part, 'PartNumber')));
  if (numbers.length === 0) {
    throw badRequest('MalformedXML', 'No part is named.');
  }
  if (numbers.some((number, index) => index > 0 && !(number > (numbers[index - 1] ?? 0)))) {
    throw badRequest('InvalidPartOrder', 'The list of parts was not in ascending order.');
  }
  const isUploaded = named.every((part) => {
    const eTag = (childText(part, 'ETag') ?? '').trim().replaceAll('"', '').toUpperCase();
    return parts.get(Number(childText(part, 'PartNumber')))?.eTag === eTag;
  });
  if (isUploaded) {
    return numbers;
  }
  const message =
    'One or more of the specified parts could not be found or the specified entity tag might not have matched.';
  throw badRequest('InvalidPart', message);
}

function checkSizes({ parts }: Upload, numbers: readonly number[]): void {
  if (numbers.length === 0) {
    throw badRequest('InvalidPart', 'No part was uploaded.');
  }
  const isTooSmall = (number: number) => (parts.get(number)?.sizeBytes ?? 0) < minPartBytes;
  if (numbers.slice(0, -1).some(isTooSmall)) {
    throw badRequest('EntityTooSmall', 'A part other than the last is smaller than 100 KB.');
  }
}

function findUpload({ request, store, uploads }: OperationContext): Upload {
  store.bucket(request.bucket);
  return uploads.find(request.bucket, request.key, request.query.get('uploadId') ?? '');
}

function partNumber({ request }: OperationContext): number {
  const text = request.query.get('partNumber') ?? '';
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 10_000) {
    return Number(text);
  }
  throw badRequest('InvalidArgument', `Part number must be 1 to 10000, not ${text}.`);
}

function address({ request: { bucket, key, query } }: OperationContext) {
  const encode: Encode = encoder(query);
  return { EncodingType: query.get('encoding-type'), Bucket: bucket, Key: encode(key) };
}

function notifyOfUpload(
  { notify }: OperationContext,
  { bucket, key, properties, initiatedMs }: Upload,
  eventName: string,
  part = { sizeBytes: 0, eTag: '', lastModifiedMs: initiatedMs },
): void {
  const meta = { ...part, ...properties, key };
  notify({ eventName, bucket, meta, deltaSizeBytes: part.sizeBytes });
}
