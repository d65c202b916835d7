import type { Principal } from './auth.ts';
import type { ProcessImage } from './image-contract.ts';
import type { ObjectMeta } from './object-file.ts';
import type { Reply } from './reply.ts';
import type { OssRequest } from './request.ts';
import type { Store } from './store.ts';

/** What an operation works with. */
export interface OperationContext {
  readonly request: OssRequest;
  readonly principal: Principal;
  readonly store: Store;
  readonly region: string;
  readonly accountId: string;
  readonly processImage: ProcessImage;
  /** Tells of an object created or removed; called once that is on disk. */
  readonly notify: (eventName: string, bucket: string, meta: ObjectMeta, deltaSizeBytes: number) => void;
}

export type RunOperation = (context: OperationContext) => Reply | Promise<Reply>;

/** One row of the table of operations. */
export interface Operation {
  /** OSS's name for it. */
  readonly name: string;
  /** Query parameters it understands besides the sub-resource that selects it. */
  readonly parameters?: readonly string[];
  /** `x-oss-*` headers it understands, each with the values it does; any value where there is no list. */
  readonly headers?: Readonly<Record<string, readonly string[] | undefined>>;
  /** Absent for what OSS has and the local OSS has not. */
  readonly run?: RunOperation;
}
