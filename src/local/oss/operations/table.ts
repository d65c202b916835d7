import type { OssRequest } from '../http/request.ts';
import { subresources } from '../http/subresources.ts';
import * as acl from './acl.ts';
import * as bucket from './bucket.ts';
import { copyObject } from './copy.ts';
import * as list from './list.ts';
import * as uploads from './list-uploads.ts';
import * as multipart from './multipart.ts';
import * as object from './object.ts';
import { type Operation, refuseMethod } from './operation.ts';
import { postObject } from './post-object.ts';
import * as process from './process-object.ts';
import * as style from './style.ts';
import * as symlink from './symlink.ts';
import * as tagging from './tagging.ts';

interface OssOperation {
  /** OSS's name for it. */
  readonly name: string;
  /** Carries it out; absent for operations of OSS that the local OSS lacks. */
  readonly run?: Operation | undefined;
  /** The access that the public needs for an unsigned request; `form`: the signature is in the body. */
  readonly access?: 'read' | 'write' | 'form' | undefined;
}

/** OSS's operations by method, level and what selects them: a sub-resource or a copy source. */
const table: readonly [route: string, name: string, run?: Operation, access?: OssOperation['access']][] = [
  ['GET service', 'ListBuckets', bucket.listBuckets],
  ['PUT bucket', 'PutBucket', bucket.putBucket],
  ['DELETE bucket', 'DeleteBucket', bucket.deleteBucket],
  ['GET bucket', 'ListObjects', list.listObjects, 'read'],
  ['GET bucket list-type', 'ListObjectsV2', list.listObjectsV2, 'read'],
  ['GET bucket versions', 'ListObjectVersions', list.listObjectVersions],
  ['GET bucket uploads', 'ListMultipartUploads', uploads.listMultipartUploads],
  ['GET bucket bucketInfo', 'GetBucketInfo', bucket.getBucketInfo],
  ['GET bucket location', 'GetBucketLocation', bucket.getBucketLocation],
  ['GET bucket stat', 'GetBucketStat', bucket.getBucketStat],
  ['GET bucket acl', 'GetBucketAcl', acl.getBucketAcl],
  ['PUT bucket acl', 'PutBucketAcl', acl.putBucketAcl],
  ['HEAD bucket', 'HeadBucket', bucket.headBucket],
  ['GET bucket publicAccessBlock', 'GetBucketPublicAccessBlock', acl.getPublicAccessBlock],
  ['PUT bucket publicAccessBlock', 'PutBucketPublicAccessBlock', acl.putPublicAccessBlock],
  ['DELETE bucket publicAccessBlock', 'DeleteBucketPublicAccessBlock', acl.deletePublicAccessBlock],
  ['GET bucket versioning', 'GetBucketVersioning'],
  ['PUT bucket versioning', 'PutBucketVersioning'],
  ['PUT bucket style', 'PutStyle', style.putStyle],
  ['GET bucket style', 'GetStyle', style.getStyle],
  ['DELETE bucket style', 'DeleteStyle', style.deleteStyle],
  ['POST bucket', 'PostObject', postObject, 'form'],
  ['POST bucket delete', 'DeleteMultipleObjects', object.deleteMultipleObjects],
  ['PUT object', 'PutObject', object.putObject, 'write'],
  ['PUT object x-oss-copy-source', 'CopyObject', copyObject],
  ['POST object append', 'AppendObject', object.appendObject, 'write'],
  ['GET object', 'GetObject', object.getObject, 'read'],
  ['GET object x-oss-process', 'GetObject with x-oss-process', process.getProcessed, 'read'],
  ['HEAD object', 'HeadObject', object.headObject, 'read'],
  ['HEAD object objectMeta', 'GetObjectMeta', object.getObjectMeta, 'read'],
  ['DELETE object', 'DeleteObject', object.deleteObject, 'write'],
  ['GET object acl', 'GetObjectAcl', acl.getObjectAcl],
  ['PUT object acl', 'PutObjectAcl', acl.putObjectAcl],
  ['GET object tagging', 'GetObjectTagging', tagging.getObjectTagging],
  ['PUT object tagging', 'PutObjectTagging', tagging.putObjectTagging],
  ['DELETE object tagging', 'DeleteObjectTagging', tagging.deleteObjectTagging],
  ['GET object symlink', 'GetSymlink', symlink.getSymlink],
  ['PUT object symlink', 'PutSymlink', symlink.putSymlink],
  ['POST object uploads', 'InitiateMultipartUpload', multipart.initiateMultipartUpload],
  ['PUT object partNumber', 'UploadPart', multipart.uploadPart],
  ['PUT object partNumber x-oss-copy-source', 'UploadPartCopy', multipart.uploadPartCopy],
  ['POST object uploadId', 'CompleteMultipartUpload', multipart.completeMultipartUpload],
  ['DELETE object uploadId', 'AbortMultipartUpload', multipart.abortMultipartUpload],
  ['GET object uploadId', 'ListParts', uploads.listParts],
  ['POST object x-oss-process', 'ProcessObject', process.processObject],
  ['POST object x-oss-async-process', 'AsyncProcessObject', process.asyncProcessObject],
  ['POST object restore', 'RestoreObject'],
  ['GET service regions', 'DescribeRegions'],
];
const operations: ReadonlyMap<string, OssOperation> = new Map(
  table.map(([route, name, run, access]) => [route, { name, run, access }]),
);

/** OSS's names of all operations in the table, including those that are not implemented. */
export const operationNames: readonly string[] = table.map(([, name]) => name);

/**
 * Finds a request's operation. An unknown one is named by method and sub-resource and has no `run`, or is
 * refused if only the method is unknown. A copy source only counts for PUT: a live test of aliyun-oss-cpp-sdk
 * initiates a multipart upload with one.
 */
export function findOperation({ method, bucket, key, query, headers }: OssRequest): OssOperation {
  const levelInBucket = key === '' ? 'bucket' : 'object';
  const level = bucket === '' ? 'service' : levelInBucket;
  const start = `${method} ${level}`;
  const selecting = [...query.keys()].filter((name) => subresources.has(name));
  const known = selecting.find((name) => operations.has(`${start} ${name}`));
  const copySource = method === 'PUT' && headers.has('x-oss-copy-source') ? 'x-oss-copy-source' : undefined;
  const parts = [start, known, copySource].filter((part) => part !== undefined);
  const isForeign = known === undefined && selecting.length > 0;
  const operation = isForeign ? undefined : operations.get(parts.join(' '));
  const run = selecting.length === 0 ? refuseMethod : undefined;
  return operation ?? { name: [start, ...selecting].join(' ?'), run };
}
