import {
  deleteBucket,
  getBucketInfo,
  getBucketLocation,
  listBuckets,
  putBucket,
} from './bucket-operations.ts';
import { notImplemented } from './errors.ts';
import { listObjects, listObjectsV2 } from './list-operations.ts';
import { deleteObject, getObject, getObjectMeta, headObject, putObject } from './object-operations.ts';
import type { Operation, RunOperation } from './operation.ts';
import { getProcessed, processObject } from './process-operations.ts';
import type { OssRequest } from './request.ts';

const page = ['prefix', 'marker', 'max-keys'];
const list = [...page, 'delimiter', 'encoding-type'];
const listV2 = [...list, 'start-after', 'continuation-token', 'fetch-owner'];

/** What V4 signing sends, and who pays, which nobody does here. */
const commonHeaders: Operation['headers'] = {
  'x-oss-date': undefined,
  'x-oss-content-sha256': undefined,
  'x-oss-security-token': undefined,
  'x-oss-user-agent': undefined,
  'x-oss-request-payer': undefined,
};
const bucketHeaders: Operation['headers'] = { 'x-oss-acl': ['private'], 'x-oss-storage-class': ['Standard'] };
const objectHeaders: Operation['headers'] = {
  'x-oss-meta-*': undefined,
  'x-oss-object-acl': ['default', 'private'],
  'x-oss-storage-class': ['Standard'],
  'x-oss-forbid-overwrite': ['false'],
};

/** By method, level and the sub-resource that selects it. What stands without `run` is NotImplemented by its name. */
const operations = new Map<string, Operation>([
  ['GET service', { name: 'ListBuckets', parameters: page, run: listBuckets }],
  ['PUT bucket', { name: 'PutBucket', headers: bucketHeaders, run: putBucket }],
  ['DELETE bucket', { name: 'DeleteBucket', run: deleteBucket }],
  ['GET bucket bucketInfo', { name: 'GetBucketInfo', run: getBucketInfo }],
  ['GET bucket location', { name: 'GetBucketLocation', run: getBucketLocation }],
  ['GET bucket', { name: 'ListObjects', parameters: list, run: listObjects }],
  ['GET bucket list-type', { name: 'ListObjectsV2', parameters: listV2, run: listObjectsV2 }],
  ['POST bucket', { name: 'PostObject' }],
  ['POST bucket delete', { name: 'DeleteMultipleObjects' }],
  ['PUT object', { name: 'PutObject', headers: objectHeaders, run: putObject }],
  ['GET object', { name: 'GetObject', run: getObject }],
  ['GET object x-oss-process', { name: 'GetObject with x-oss-process', run: getProcessed }],
  ['HEAD object', { name: 'HeadObject', run: headObject }],
  ['HEAD object objectMeta', { name: 'GetObjectMeta', run: getObjectMeta }],
  ['DELETE object', { name: 'DeleteObject', run: deleteObject }],
  ['POST object x-oss-process', { name: 'ProcessObject', run: processObject }],
  ['POST object x-oss-async-process', { name: 'AsyncProcessObject' }],
  ['POST object append', { name: 'AppendObject' }],
  ['POST object uploads', { name: 'InitiateMultipartUpload' }],
  ['POST object uploadId', { name: 'CompleteMultipartUpload' }],
  ['PUT object partNumber', { name: 'UploadPart' }],
]);

/**
 * What runs a request. NotImplemented, by name, for an operation that is not here and for any sub-resource, query
 * parameter, `x-oss-*` or conditional header that would have to be ignored.
 */
export function findOperation(request: OssRequest): RunOperation {
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const route = `${request.method} ${level}`;
  const parameters = [...request.query.keys()];
  const subresource = parameters.find((name) => operations.has(`${route} ${name}`));
  const operation = operations.get(subresource === undefined ? route : `${route} ${subresource}`);
  if (operation === undefined) throw notImplemented([route, ...parameters].join(' ?'));
  if (operation.run === undefined) throw notImplemented(operation.name);
  const unknown = parameters.find((name) => name !== subresource && !operation.parameters?.includes(name));
  if (unknown !== undefined) throw notImplemented(`?${unknown} of ${route} (${operation.name})`);
  refuseUnknownHeaders(request, operation);
  return operation.run;
}

function refuseUnknownHeaders(request: OssRequest, { name: operation, headers }: Operation): void {
  const understood = new Map(Object.entries({ ...commonHeaders, ...headers }));
  for (const [name, value] of request.headers) {
    if (!/^(x-oss-|if-)/.test(name)) continue;
    const row = name.startsWith('x-oss-meta-') ? 'x-oss-meta-*' : name;
    const isUnderstood = understood.has(row) && (understood.get(row)?.includes(value) ?? true);
    if (!isUnderstood) throw notImplemented(`the header ${name} (or this value of it) of ${operation}`);
  }
}
