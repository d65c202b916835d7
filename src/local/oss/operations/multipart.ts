import { createHash } from 'node:crypto';
import { fieldsOf, textOf } from '../../../json.ts';
import { encodeComponent } from '../../../oss/encode.ts';
import { listOf } from '../../../xml.ts';
import { checkedBody, readBody, readXml } from '../http/body.ts';
import { checkConditions, contentRange, readRange } from '../http/conditions.ts';
import { badRequest } from '../http/errors.ts';
import { digestHeaders, encryptionHeaders, readAcl, readProperties } from '../http/object-headers.ts';
import { xmlReply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { ObjectMeta, ObjectProperties } from '../store/object.ts';
import { invalidPart, type MultipartUpload } from '../store/uploads.ts';
import { checkAcl } from './acl.ts';
import { copyReply, readCopySource } from './copy.ts';
import { encoderOf, wholeNumber } from './list.ts';
import { createObject, type Operation, refuseOverwrite, type Service } from './operation.ts';
import { openObject } from './symlink.ts';

/** Documented: OSS help "CompleteMultipartUpload": every part but the last has at least 100 KB. */
const minPartBytes = 100 * 1024;
const maxParts = 10_000;

/** Raises an event although there is no object or ETag yet (documented: OSS help "Event notification"). */
export const initiateMultipartUpload: Operation = (service, request) => {
  const { bucket, key, headers, query } = request;
  refuseOverwrite(request, service.store.bucket(bucket).objects.get(key));
  const properties = readProperties(headers);
  checkAcl(service, bucket, properties.acl);
  announcedParts(properties);
  const upload = service.uploads.initiate(bucket, key, properties, query.has('sequential'));
  notify(service, request, upload, 'ObjectCreated:InitiateMultipartUpload');
  const result = { ...address(request), UploadId: upload.id };
  return xmlReply({ InitiateMultipartUploadResult: result }, encryptionHeaders(upload.properties));
};

/** Stores a part, replacing one with the same number (documented: OSS help "UploadPart"). */
export const uploadPart: Operation = async (service, request) => {
  const { upload, number } = findPlace(service, request);
  const part = await service.uploads.putPart(upload, number, checkedBody(request));
  notify(service, request, upload, 'ObjectCreated:UploadPart', part);
  return { statusCode: 200, headers: digestHeaders(part) };
};

/** Stores an object, or a range of it, as a part (documented: OSS help "UploadPartCopy"). */
export const uploadPartCopy: Operation = async (service, request) => {
  const { upload, number } = findPlace(service, request);
  const { headers } = request;
  const { bucket, key } = readCopySource(headers);
  const source = await openObject(service.store, bucket, key);
  try {
    checkConditions(headers, source.meta, 'x-oss-copy-source-');
    const { sizeBytes } = source.meta;
    // It copies the bytes that GetObject would return (documented: OSS help "UploadPartCopy").
    const range = readRange(headers.get('x-oss-copy-source-range'), sizeBytes, false);
    const part = await service.uploads.putPart(upload, number, source.stream(range?.start, range?.end));
    notify(service, request, upload, 'ObjectCreated:UploadPartCopy', part);
    return copyReply('CopyPartResult', part, range && contentRange(range, sizeBytes));
  } finally {
    source.close();
  }
};

/** The ETag is the MD5 of the parts' ETags, a dash and their number (live test of aliyun-oss-go-sdk). */
export const completeMultipartUpload: Operation = async (service, request) => {
  const { uploads, endpoint } = service;
  const { bucket, key, headers } = request;
  const upload = service.uploads.find(request);
  const body = await readBody(request, 2 * 1024 * 1024);
  const isComplete = headers.get('x-oss-complete-all') === 'yes';
  if (isComplete && body.length > 0) {
    const message = 'Should not speficy both complete all header and http body.'; // sic
    throw badRequest('InvalidArgument', message, { ec: '0042-00000216' });
  }
  const parts = isComplete ? [...upload.parts.values()] : readParts(upload, body);
  if (parts.slice(0, -1).some(({ sizeBytes }) => sizeBytes < minPartBytes)) {
    const message = 'Your proposed upload smaller than the minimum allowed size.'; // sic
    throw badRequest('EntityTooSmall', message, { ec: '0042-00000213' });
  }
  if ((announcedParts(upload.properties) ?? parts.length) !== parts.length) {
    const message = 'The client encryption part list is unexpected with init_multipart setted.'; // sic
    throw badRequest('InvalidEncryptionRequest', message);
  }
  const eTags = parts.map((part) => part.eTag).join('');
  const eTag = `${createHash('md5').update(eTags).digest('hex').toUpperCase()}-${parts.length}`;
  // Removed before its event is sent, or it could be completed again after a crash, over newer objects.
  const completing: Service = {
    ...service,
    notify: (...change) => {
      uploads.remove(upload);
      service.notify(...change);
    },
  };
  const meta = await createObject(completing, request, 'ObjectCreated:CompleteMultipartUpload', {
    ...upload.properties,
    acl: readAcl(headers, 'x-oss-object-acl') ?? upload.properties.acl,
    source: uploads.read(upload, parts),
    type: 'Multipart',
    eTag,
    keepsMd5: upload.isSequential,
    // Another request may have completed or aborted it.
    guard: () => void uploads.find(request),
  });
  const location = `${endpoint}/${bucket}/${encodeComponent(key).replaceAll('~', '%7E')}`;
  const result = { ...address(request), Location: location, ETag: `"${eTag}"` };
  return xmlReply({ CompleteMultipartUploadResult: result }, digestHeaders(meta));
};

/** Removes an upload and its parts (documented: OSS help "AbortMultipartUpload"). */
export const abortMultipartUpload: Operation = (service, request) => {
  const upload = service.uploads.find(request);
  service.uploads.remove(upload);
  notify(service, request, upload, 'ObjectRemoved:AbortMultipartUpload');
  return { statusCode: 204 };
};

/** How many parts an encrypting client announces (documented: OSS help "400 errors"), if any. */
function announcedParts({ headers }: ObjectProperties): number | undefined {
  const name = 'x-oss-meta-client-side-encryption';
  const [data, part] = [headers[`${name}-data-size`], headers[`${name}-part-size`]];
  if (data === undefined && part === undefined) {
    return undefined;
  }
  if (!(Number(data) > 0 && Number(part) > 0 && Number(part) % 16 === 0)) {
    const message = 'The client encryption meta data_size or part_size is invalid.';
    throw badRequest('InvalidEncryptionRequest', message);
  }
  return Math.ceil(Number(data) / Number(part));
}

/** Reads `<CompleteMultipartUpload><Part><PartNumber/><ETag/></Part>…`; throws InvalidPart(Order). */
function readParts({ parts }: MultipartUpload, body: Buffer): ObjectMeta[] {
  const listed = listOf(readXml(body, 'CompleteMultipartUpload').Part).map(fieldsOf);
  const numbers = listed.map(({ PartNumber }) => Number(PartNumber));
  if (numbers.some((number, index) => index > 0 && !(number > (numbers[index - 1] ?? 0)))) {
    const message =
      'The list of parts was not in ascending order. Parts list must specified in order by part number.';
    throw badRequest('InvalidPartOrder', message);
  }
  return listed.map(({ PartNumber, ETag }) => {
    const part = parts.get(Number(PartNumber));
    if (part?.eTag !== (textOf(ETag) ?? '').trim().replaceAll('"', '').toUpperCase()) {
      throw invalidPart();
    }
    return part;
  });
}

/** A part's upload and number. `sequential` parts come in order (live tests of Python, Java, C++ SDKs). */
function findPlace({ uploads }: Service, request: OssRequest) {
  const upload = uploads.find(request, '0042-00000104');
  const number = wholeNumber(request.query, 'partNumber', maxParts);
  const next = upload.parts.size + 1;
  if (upload.isSequential && number !== next) {
    throw badRequest('PartNotSequential', `Part ${next} is next in this sequential upload.`);
  }
  return { upload, number };
}

function address({ bucket, key, query }: OssRequest) {
  const { encode, EncodingType } = encoderOf(query);
  return { EncodingType, Bucket: bucket, Key: encode(key) };
}

function notify(
  service: Service,
  request: OssRequest,
  { key, properties, initiatedMs }: MultipartUpload,
  eventName: string,
  part = { sizeBytes: 0, eTag: '', lastModifiedMs: initiatedMs },
): void {
  const meta = { ...part, ...properties, key };
  service.notify(request, { eventName, meta, deltaSizeBytes: part.sizeBytes });
}
