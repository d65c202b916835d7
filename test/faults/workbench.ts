import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { createHandler } from '../../src/handler.ts';
import type { ImageRequest } from '../../src/local/image/contract.ts';
import type { LocalOssOptions } from '../../src/local/oss/server.ts';
import type { CallSettings } from '../../src/oss/call.ts';
import { createAgent } from '../../src/oss/request.ts';
import type { Credentials } from '../../src/oss/sign.ts';
import { OutputsFailed, type Report } from '../../src/pipeline/report.ts';
import { readSettings } from '../../src/settings.ts';
import { startOss } from '../local/oss/running-oss.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';

/** The end of one invocation. */
export interface Ended {
  report: Report;
  /** Thrown by the function, as the platform sees it. */
  error: OutputsFailed | undefined;
  /** Requests sent to OSS. */
  calls: number;
  /** By the function's clock, pauses included. */
  elapsedMs: number;
}

interface WorkbenchOptions extends Pick<CallSettings, 'attemptTimeoutMs'> {
  rules: object;
  /** The function's own, as the platform gives it. */
  timeoutMs?: number;
  concurrency?: number;
  /** Tells where a large plan begins; default: at its first output. */
  random?: () => number;
  /** Before each request goes out. */
  latencyMs?: number;
  /** Called before each request of the function's goes out; where it answers with a promise, the request waits for it. */
  before?: (method: string, path: string) => Promise<unknown> | undefined;
  /** Whether pauses between attempts are waited for, instead of moving the function's clock on. */
  waits?: boolean;
  oss?: Partial<LocalOssOptions>;
}

/** Says what it was made from, so that a stale or a wrong result shows. */
export async function describeImage({ readSource, style }: ImageRequest) {
  return { body: Buffer.from(`${style}(${await readSource()})`), contentType: 'image/webp' };
}

/**
 * The function before a real local OSS: real sockets always; only the pauses between attempts are skipped unless
 * it `waits`, and the function's clock moved on by as much.
 */
export async function startWorkbench(options: WorkbenchOptions) {
  const { rules, timeoutMs = 60_000, concurrency = 4, attemptTimeoutMs } = options;
  /** A test may change it between two invocations. */
  const setting = { latencyMs: options.latencyMs ?? 0, timeoutMs };
  const oss = await startOss({ processImage: describeImage, ...options.oss });
  const lines: string[] = [];
  let [calls, skippedMs, invocations] = [0, 0, 0];
  const now = () => Date.now() + skippedMs;
  const credentials = oss.issueToken({ roleName: 'saver' });
  const agent = createAgent();
  onTestFinished(() => agent.destroy());
  const dispatcher = agent.compose((dispatch) => (request, handler) => {
    calls += 1;
    const delay =
      options.before?.(request.method, request.path) ??
      (setting.latencyMs === 0 ? undefined : pause(setting.latencyMs));
    if (delay === undefined) {
      return dispatch(request, handler);
    }
    void delay.then(() => dispatch(request, handler));
    return true;
  });
  const invokeHandler = createHandler({
    settings: readSettings(
      {
        OSS_ENDPOINT: oss.url,
        CONCURRENCY: String(concurrency),
        LOG_LEVEL: 'debug',
      },
      '/code',
    ),
    ruleSet: ruleSetOf(rules),
    dispatcher,
    defaultCredentials: () => Promise.reject(new Error('no chain here')),
    write: (line) => lines.push(line),
    now,
    random: options.random ?? (() => 0),
    callSettings: {
      sleep: async (delayMs) => {
        if (options.waits) {
          await pause(delayMs);
        } else {
          skippedMs += delayMs;
        }
      },
      ...(attemptTimeoutMs !== undefined && { attemptTimeoutMs }),
    },
  });

  async function invoke(
    event: unknown,
    as: Credentials = credentials,
    requestId = `FC-${++invocations}`,
  ): Promise<Ended> {
    const context = {
      requestId,
      region: 'cn-hangzhou',
      credentials: as,
      function: { timeout: setting.timeoutMs / 1000 },
    };
    const [startedAt, callsBefore] = [now(), calls];
    const thrown = await invokeHandler(Buffer.from(JSON.stringify(event)), context).catch(
      (error: unknown) => error,
    );
    const error = thrown instanceof OutputsFailed ? thrown : undefined;
    const report = error?.report ?? thrown;
    if (!isReport(report)) {
      throw thrown;
    }
    return { report, error, calls: calls - callsBefore, elapsedMs: now() - startedAt };
  }
  async function setFaults(plan: object): Promise<void> {
    const { status } = await fetch(`${oss.url}/-/faults`, { method: 'PUT', body: JSON.stringify(plan) });
    if (status !== 200) {
      throw new Error(`the faults were refused with ${status}`);
    }
  }
  /** Uploads, and answers with the event that OSS raises. */
  async function upload(key: string, body: string): Promise<object> {
    await oss.call({ method: 'PUT', bucket: 'photos', key, body });
    return { events: oss.events.splice(0) };
  }
  async function read(key: string): Promise<string | undefined> {
    const { statusCode, text } = await oss.call({ method: 'GET', bucket: 'photos', key });
    return statusCode === 200 ? text : undefined;
  }
  return { oss, credentials, lines, invoke, setFaults, upload, read, setting };
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'results' in value && !(value instanceof Error);
}
