import { type Reply, xmlReply } from '../http/reply.ts';
import { compareUtf8 } from '../store/listing.ts';
import type { Upload } from '../store/uploads.ts';
import { encoder, limitOf } from './list-objects.ts';
import type { OperationContext } from './operation.ts';

/** An upload, or the common prefix of several. */
type Entry = Upload | string;

/** Documented: OSS help "ListMultipartUploads"; the next markers name the last entry whether or not more follow (live SDK tests). */
export function listMultipartUploads({ request, store, uploads }: OperationContext): Reply {
  const { bucket, query } = request;
  store.bucket(bucket);
  const text = (name: string) => query.get(name) ?? '';
  const encode = encoder(query);
  const maxUploads = limitOf(query, 'max-uploads', 1000);
  const entries = entriesAfter(uploads.list(bucket), {
    prefix: text('prefix'),
    delimiter: text('delimiter'),
    keyMarker: text('key-marker'),
    idMarker: text('upload-id-marker'),
  });
  const page = entries.slice(0, maxUploads);
  const last = page.at(-1);
  return xmlReply({
    ListMultipartUploadsResult: {
      EncodingType: query.get('encoding-type') || undefined,
      Bucket: bucket,
      KeyMarker: encode(text('key-marker')),
      UploadIdMarker: text('upload-id-marker'),
      NextKeyMarker: encode(typeof last === 'object' ? last.key : (last ?? '')),
      NextUploadIdMarker: typeof last === 'object' ? last.id : '',
      Delimiter: encode(text('delimiter')),
      Prefix: encode(text('prefix')),
      MaxUploads: maxUploads,
      IsTruncated: page.length < entries.length,
      Upload: page.filter(isUpload).map(({ key, id, initiatedMs, properties }) => ({
        Key: encode(key),
        UploadId: id,
        StorageClass: properties.storageClass ?? 'Standard',
        Initiated: new Date(initiatedMs).toISOString(),
      })),
      CommonPrefixes: page
        .filter((entry) => typeof entry === 'string')
        .map((common) => ({ Prefix: encode(common) })),
    },
  });
}

interface UploadQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly idMarker: string;
}

function entriesAfter(uploads: readonly Upload[], query: UploadQuery): Entry[] {
  const { prefix, delimiter, keyMarker, idMarker } = query;
  const entries = new Set<Entry>();
  for (const upload of uploads) {
    const { key, id } = upload;
    const order = compareUtf8(key, keyMarker);
    const isAfter = order > 0 || (order === 0 && keyMarker !== '' && idMarker !== '' && id > idMarker);
    if (!key.startsWith(prefix) || !isAfter) {
      continue;
    }
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (group !== keyMarker) {
      entries.add(group ?? upload);
    }
  }
  return [...entries];
}

function isUpload(entry: Entry): entry is Upload {
  return typeof entry === 'object';
}
