import { notImplemented } from '../http/errors.ts';
import type { OssRequest } from '../http/request.ts';
import { asyncProcessObject } from './async-process.ts';
import {
  deleteBucket,
  getBucketInfo,
  getBucketLocation,
  getBucketStat,
  listBuckets,
  putBucket,
} from './bucket.ts';
import { copyObject } from './copy.ts';
import { deleteMultipleObjects, deleteObject } from './delete.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './list-objects.ts';
import { listMultipartUploads } from './list-uploads.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  initiateMultipartUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './multipart.ts';
import { appendObject, getObject, getObjectMeta, headObject, putObject } from './object.ts';
import type { Operation } from './operation.ts';
import { postObject } from './post-object.ts';
import { getProcessed, processObject } from './process-object.ts';
import {
  deleteObjectTagging,
  getBucketAcl,
  getObjectAcl,
  getObjectTagging,
  putBucketAcl,
  putObjectAcl,
  putObjectTagging,
} from './properties.ts';
import { deleteStyle, getStyle, putStyle } from './style.ts';
import { getSymlink, putSymlink } from './symlink.ts';

const page = ['prefix', 'marker', 'max-keys'];
const list = [...page, 'delimiter', 'encoding-type'];
const listV2 = [...list, 'start-after', 'continuation-token', 'fetch-owner'];
const listVersions = ['prefix', 'delimiter', 'max-keys', 'encoding-type', 'key-marker', 'version-id-marker'];
const listUploads = ['prefix', 'delimiter', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'];
const partsPage = ['max-parts', 'part-number-marker', 'encoding-type'];
const overrides = [
  'response-content-type',
  'response-content-language',
  'response-expires',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
];

/** Where a signature stands in a URL. */
const signature = new Set([
  'x-oss-signature-version',
  'x-oss-credential',
  'x-oss-date',
  'x-oss-expires',
  'x-oss-security-token',
  'x-oss-additional-headers',
  'x-oss-signature',
  'OSSAccessKeyId',
  'Expires',
  'Signature',
  'security-token',
]);

type Headers = NonNullable<Operation['headers']>;

/** What signing sends, and who pays, which nobody does here. */
const common: Headers = {
  'x-oss-date': undefined,
  'x-oss-content-sha256': undefined,
  'x-oss-security-token': undefined,
  'x-oss-user-agent': undefined,
  'x-oss-request-payer': undefined,
};
const conditional: Headers = {
  'if-match': undefined,
  'if-none-match': undefined,
  'if-modified-since': undefined,
  'if-unmodified-since': undefined,
};
/** Archive classes would have to be restored before they are read. */
const storageClass: Headers = { 'x-oss-storage-class': ['Standard', 'IA'] };
const acls = ['private', 'public-read', 'public-read-write'];
const bucketAcl: Headers = { 'x-oss-acl': acls };
const objectAcl: Headers = { 'x-oss-object-acl': ['default', ...acls] };
const guarded: Headers = { 'x-oss-forbid-overwrite': ['true', 'false'] };
const appended: Headers = {
  ...storageClass,
  ...objectAcl,
  'x-oss-meta-*': undefined,
  'x-oss-tagging': undefined,
};
const created: Headers = { ...appended, ...guarded };
/** ali-oss repeats all headers of a copy as `x-oss-copy-source-…`: those that are no condition mean nothing to OSS either. */
const copied: Headers = { 'x-oss-copy-source': undefined, 'x-oss-copy-source-*': undefined };
const copiedObject: Headers = {
  ...created,
  ...copied,
  'x-oss-metadata-directive': undefined,
  'x-oss-tagging-directive': undefined,
};
const read: Headers = { ...conditional, 'x-oss-range-behavior': ['standard'] };
const symlink: Headers = { ...created, 'x-oss-symlink-target': undefined };
const completed: Headers = { ...objectAcl, ...guarded, 'x-oss-complete-all': ['yes'] };

/** By method, level and what selects it: a sub-resource, a copy source. What stands without `run` is NotImplemented by its name. */
const operations = new Map<string, Operation>([
  ['GET service', { name: 'ListBuckets', parameters: page, run: listBuckets }],
  ['GET service regions', { name: 'DescribeRegions' }],
  ['PUT bucket', { name: 'PutBucket', headers: { ...bucketAcl, ...storageClass }, run: putBucket }],
  ['DELETE bucket', { name: 'DeleteBucket', run: deleteBucket }],
  ['GET bucket', { name: 'ListObjects', parameters: list, access: 'read', run: listObjects }],
  ['GET bucket list-type', { name: 'ListObjectsV2', parameters: listV2, access: 'read', run: listObjectsV2 }],
  ['GET bucket versions', { name: 'ListObjectVersions', parameters: listVersions, run: listObjectVersions }],
  [
    'GET bucket uploads',
    { name: 'ListMultipartUploads', parameters: listUploads, run: listMultipartUploads },
  ],
  ['GET bucket bucketInfo', { name: 'GetBucketInfo', run: getBucketInfo }],
  ['GET bucket location', { name: 'GetBucketLocation', run: getBucketLocation }],
  ['GET bucket stat', { name: 'GetBucketStat', run: getBucketStat }],
  ['GET bucket acl', { name: 'GetBucketAcl', run: getBucketAcl }],
  ['PUT bucket acl', { name: 'PutBucketAcl', headers: bucketAcl, run: putBucketAcl }],
  ['GET bucket versioning', { name: 'GetBucketVersioning' }],
  ['PUT bucket versioning', { name: 'PutBucketVersioning' }],
  ['PUT bucket style', { name: 'PutStyle', parameters: ['styleName', 'category'], run: putStyle }],
  ['GET bucket style', { name: 'GetStyle', parameters: ['styleName'], run: getStyle }],
  ['DELETE bucket style', { name: 'DeleteStyle', parameters: ['styleName'], run: deleteStyle }],
  ['POST bucket', { name: 'PostObject', access: 'form', run: postObject }],
  [
    'POST bucket delete',
    { name: 'DeleteMultipleObjects', parameters: ['encoding-type'], run: deleteMultipleObjects },
  ],
  ['PUT object', { name: 'PutObject', headers: created, access: 'write', run: putObject }],
  ['PUT object x-oss-copy-source', { name: 'CopyObject', headers: copiedObject, run: copyObject }],
  [
    'POST object append',
    {
      name: 'AppendObject',
      parameters: ['position'],
      headers: appended,
      access: 'write',
      run: appendObject,
    },
  ],
  ['GET object', { name: 'GetObject', parameters: overrides, headers: read, access: 'read', run: getObject }],
  [
    'GET object x-oss-process',
    { name: 'GetObject with x-oss-process', headers: conditional, access: 'read', run: getProcessed },
  ],
  ['HEAD object', { name: 'HeadObject', headers: read, access: 'read', run: headObject }],
  ['HEAD object objectMeta', { name: 'GetObjectMeta', access: 'read', run: getObjectMeta }],
  ['DELETE object', { name: 'DeleteObject', access: 'write', run: deleteObject }],
  ['GET object acl', { name: 'GetObjectAcl', run: getObjectAcl }],
  ['PUT object acl', { name: 'PutObjectAcl', headers: objectAcl, run: putObjectAcl }],
  ['GET object tagging', { name: 'GetObjectTagging', run: getObjectTagging }],
  ['PUT object tagging', { name: 'PutObjectTagging', run: putObjectTagging }],
  ['DELETE object tagging', { name: 'DeleteObjectTagging', run: deleteObjectTagging }],
  ['GET object symlink', { name: 'GetSymlink', run: getSymlink }],
  ['PUT object symlink', { name: 'PutSymlink', headers: symlink, run: putSymlink }],
  [
    'POST object uploads',
    {
      name: 'InitiateMultipartUpload',
      parameters: ['encoding-type'],
      headers: created,
      run: initiateMultipartUpload,
    },
  ],
  ['PUT object partNumber', { name: 'UploadPart', parameters: ['uploadId'], run: uploadPart }],
  [
    'PUT object partNumber x-oss-copy-source',
    { name: 'UploadPartCopy', parameters: ['uploadId'], headers: copied, run: uploadPartCopy },
  ],
  [
    'POST object uploadId',
    {
      name: 'CompleteMultipartUpload',
      parameters: ['encoding-type'],
      headers: completed,
      run: completeMultipartUpload,
    },
  ],
  ['DELETE object uploadId', { name: 'AbortMultipartUpload', run: abortMultipartUpload }],
  ['GET object uploadId', { name: 'ListParts', parameters: partsPage, run: listParts }],
  ['POST object x-oss-process', { name: 'ProcessObject', run: processObject }],
  ['POST object x-oss-async-process', { name: 'AsyncProcessObject', run: asyncProcessObject }],
  ['POST object restore', { name: 'RestoreObject' }],
]);

/**
 * What a request asks for. NotImplemented, by name, for an operation that is not here and for any sub-resource, query
 * parameter, `x-oss-*` or conditional header that would have to be ignored.
 */
export function findOperation(request: OssRequest): Operation & Required<Pick<Operation, 'run'>> {
  const { route, parameters, subresource, operation } = select(request);
  if (operation === undefined) {
    throw notImplemented([route, ...parameters].join(' ?'));
  }
  const { run, ...row } = operation;
  if (run === undefined) {
    throw notImplemented(row.name);
  }
  const unknown = parameters.find((name) => name !== subresource && !row.parameters?.includes(name));
  if (unknown !== undefined) {
    throw notImplemented(`?${unknown} of ${route} (${row.name})`);
  }
  refuseUnknownHeaders(request, row);
  return { ...row, run };
}

/** OSS's names of all operations known here, those that are not implemented included. */
export const operationNames: readonly string[] = [...operations.values()].map(({ name }) => name);

/** The name of what a request asks for; undefined for what is in no table. */
export function operationName(request: OssRequest): string | undefined {
  return select(request).operation?.name;
}

function select(request: OssRequest) {
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const route = `${request.method} ${level}`;
  const parameters = [...request.query.keys()].filter((name) => !signature.has(name));
  const subresource = parameters.find((name) => operations.has(`${route} ${name}`));
  const copySource = request.headers.has('x-oss-copy-source') ? 'x-oss-copy-source' : undefined;
  const operation = operations.get([route, subresource, copySource].filter(Boolean).join(' '));
  return { route, parameters, subresource, operation };
}

function refuseUnknownHeaders(request: OssRequest, { name: operation, headers }: Operation): void {
  const understood = new Map(Object.entries({ ...common, ...headers }));
  for (const [name, value] of request.headers) {
    if (!/^(x-oss-|if-)/.test(name)) {
      continue;
    }
    const row = understood.has(name) ? name : name.replace(/^(x-oss-(?:meta|copy-source)-).+$/, '$1*');
    const isUnderstood = understood.has(row) && (understood.get(row)?.includes(value) ?? true);
    if (!isUnderstood) {
      throw notImplemented(`the header ${name} (or this value of it) of ${operation}`);
    }
  }
}
