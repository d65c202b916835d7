import { listObjectsV2 } from '../../src/objects/list-objects.ts';
import { getObject, putObject } from '../../src/objects/transfer.ts';
import { type CallSettings, createCall } from '../../src/oss/call.ts';
import * as operations from '../../src/oss/operations.ts';

type ArgumentsOf<T extends (...args: never) => unknown> = Parameters<T>[1];

/** All operations as methods, for tests that make many calls. */
export function createClient(settings: CallSettings) {
  const call = createCall(settings);
  return {
    processObject: (args: ArgumentsOf<typeof operations.processObject>) =>
      operations.processObject(call, args),
    headObject: (args: ArgumentsOf<typeof operations.headObject>) => operations.headObject(call, args),
    getObject: (args: ArgumentsOf<typeof getObject>) => getObject(call, args),
    putObject: (args: ArgumentsOf<typeof putObject>) => putObject(call, args),
    deleteObject: (args: ArgumentsOf<typeof operations.deleteObject>) => operations.deleteObject(call, args),
    listObjectsV2: (args: ArgumentsOf<typeof listObjectsV2>) => listObjectsV2(call, args),
  };
}

export type OssClient = ReturnType<typeof createClient>;
