import { fieldsOf, isJsonObject } from '../../json.ts';
import type { ContextData } from './context.ts';

/** A failed invocation as FC reports it; a crash or timeout is only a message (FC help: "Error handling"). */
export interface FunctionError {
  errorMessage: string;
  /** The name of the JavaScript error class. */
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
 * Marks the end of an invocation's output on stdout and stderr. Pipes and channel are independent: without
 * it, an answer could overtake lines still in a pipe, and these would seem to be the next invocation's.
 */
export const endOfOutput = '\u0000end-of-output';

/** Checks only the shape. The request id shows that our program sent it, not the function's code. */
export function isInstanceMessage(value: unknown): value is InstanceMessage {
  const { type, requestId, body, error } = fieldsOf(value);
  const isAnswer =
    (type === 'result' && body instanceof Uint8Array) || (type === 'error' && isJsonObject(error));
  return type === 'ready' || (isAnswer && typeof requestId === 'string');
}

/** Only our parent holds the other end, so checking the type is enough. */
export function isInvokeMessage(value: unknown): value is InvokeMessage {
  return isJsonObject(value) && value.type === 'invoke';
}
