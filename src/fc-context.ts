import { fieldsOf, textOf } from './json.ts';

/** The part of Function Compute's context that the function needs; credentials are read separately. */
interface InvocationContext {
  requestId: string;
  /** The region in which the function runs; absent where there is no Function Compute around it. */
  region: string | undefined;
  /** The whole time the platform gives one invocation. */
  timeoutMs: number;
}

/** Function Compute's own default when nothing is configured (fc3 schema). */
const defaultTimeoutMs = 60_000;

/** Reads the context (Function Compute help, "Context"): any field may be missing, none is trusted. */
export function readContext(context: unknown): InvocationContext {
  const { requestId, region, function: configured } = fieldsOf(context);
  const { timeout } = fieldsOf(configured);
  return {
    requestId: textOf(requestId) ?? '',
    region: textOf(region) || undefined,
    timeoutMs: typeof timeout === 'number' && timeout > 0 ? timeout * 1000 : defaultTimeoutMs,
  };
}
