import { fieldsOf, isJsonObject } from '../../json.ts';
import type { ContextData } from './context.ts';

/** A failed invocation as FC reports it; a crash or timeout is a message only (FC help: "Error handling"). */
export interface FunctionError {
  errorMessage: string;
  /** Name of the JavaScript error class. */
  errorType?: string | undefined;
  stackTrace?: unknown[] | undefined;
}

/** Parent to instance: run the handler once. */
export interface InvokeMessage {
  type: 'invoke';
  event: Uint8Array;
  context: ContextData;
}

/** Instance to parent: `ready` once, then one answer per invocation. */
export type InstanceMessage =
  | { type: 'ready' }
  | { type: 'result'; requestId: string; body: Uint8Array }
  | { type: 'error'; requestId: string; error: FunctionError };

/**
 * Ends what an invocation wrote to stdout and stderr. Pipes and channel are not in step: without it an answer
 * could overtake lines still in a pipe, and those would pass for the next invocation's.
 */
export const endOfOutput = '\u0000end-of-output';

/** Checks the shape alone; that our program sent it, and not the function's code, the request id tells. */
export function isInstanceMessage(value: unknown): value is InstanceMessage {
  const { type, requestId, body, error } = fieldsOf(value);
  const isAnswer =
    (type === 'result' && body instanceof Uint8Array) || (type === 'error' && isJsonObject(error));
  return type === 'ready' || (isAnswer && typeof requestId === 'string');
}

/** Only our own parent holds the other end, so the type is all there is to check. */
export function isInvokeMessage(value: unknown): value is InvokeMessage {
  return isJsonObject(value) && value.type === 'invoke';
}
