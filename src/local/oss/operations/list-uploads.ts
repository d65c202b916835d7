import { quotedETag, xmlDate } from '../http/object-headers.ts';
import { xmlReply } from '../http/reply.ts';
import { commonPrefix, compareUtf8 } from '../store/listing.ts';
import type { ObjectProperties } from '../store/object.ts';
import type { MultipartUpload } from '../store/uploads.ts';
import { encoderOf, wholeNumber } from './list.ts';
import type { Operation } from './operation.ts';

/** Documented: OSS help "ListMultipartUploads". The next markers are always the last entry's (SDK tests). */
export const listMultipartUploads: Operation = ({ uploads }, { bucket, query }) => {
  const text = (name: string) => query.get(name) ?? '';
  const [prefix, delimiter, keyMarker] = [text('prefix'), text('delimiter'), text('key-marker')];
  const idMarker = text('upload-id-marker');
  const maxUploads = wholeNumber(query, 'max-uploads', 1000, 1000);
  const { encode, EncodingType } = encoderOf(query);
  const isAfterMarkers = ({ key, id }: MultipartUpload) => {
    const order = compareUtf8(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && id > idMarker);
  };
  const found = uploads
    .list(bucket)
    .filter((upload) => upload.key.startsWith(prefix) && isAfterMarkers(upload));
  const entries = new Set(found.map((upload) => commonPrefix(upload.key, prefix, delimiter) ?? upload));
  entries.delete(keyMarker);
  const page = [...entries].slice(0, maxUploads);
  const last = page.at(-1) ?? '';
  return xmlReply({
    ListMultipartUploadsResult: {
      EncodingType,
      Bucket: bucket,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: encode(typeof last === 'object' ? last.key : last),
      NextUploadIdMarker: typeof last === 'object' ? last.id : '',
      Delimiter: encode(delimiter),
      Prefix: encode(prefix),
      MaxUploads: maxUploads,
      IsTruncated: page.length < entries.size,
      Upload: page
        .filter((entry) => typeof entry === 'object')
        .map(({ key, id, initiatedMs, properties }) => ({
          Key: encode(key),
          UploadId: id,
          StorageClass: properties.storageClass ?? 'Standard',
          Initiated: xmlDate(initiatedMs),
        })),
      CommonPrefixes: page
        .filter((entry) => typeof entry === 'string')
        .map((common) => ({ Prefix: encode(common) })),
    },
  });
};

/** Documented: OSS help "ListParts": 1,000 parts by default and at most. */
export const listParts: Operation = ({ uploads }, request) => {
  const { bucket, key, query } = request;
  const { id, parts, properties } = uploads.find(request);
  const { encode, EncodingType } = encoderOf(query);
  const maxParts = wholeNumber(query, 'max-parts', 1000, 1000);
  const marker = Number(query.get('part-number-marker') || 0);
  const later = [...parts].filter(([number]) => number > marker);
  const page = later.slice(0, maxParts);
  return xmlReply({
    ListPartsResult: {
      EncodingType,
      Bucket: bucket,
      Key: encode(key),
      UploadId: id,
      StorageClass: properties.storageClass ?? 'Standard',
      ...clientEncryption(properties),
      PartNumberMarker: marker,
      // Sent even if empty, because aliyun-oss-python-sdk cannot read a list without it.
      NextPartNumberMarker: page.at(-1)?.[0] ?? '',
      MaxParts: maxParts,
      IsTruncated: page.length < later.length,
      Part: page.map(([number, part]) => ({
        PartNumber: number,
        LastModified: xmlDate(part.lastModifiedMs),
        ETag: quotedETag(part),
        HashCrc64ecma: part.crc64,
        Size: part.sizeBytes,
      })),
    },
  });
};

/** An encrypting client reads back what it sent at the start (live test of py-sdk-v2, names of its model). */
function clientEncryption({ headers }: ObjectProperties) {
  const of = (name: string) => headers[`x-oss-meta-client-side-encryption-${name}`];
  return {
    ClientEncryptionKey: of('key'),
    ClientEncryptionStart: of('start'),
    ClientEncryptionCekAlg: of('cek-alg'),
    ClientEncryptionWrapAlg: of('wrap-alg'),
    ClientEncryptionDataSize: of('data-size'),
    ClientEncryptionPartSize: of('part-size'),
  };
}
