import type { Dispatcher } from 'undici';
import { credentialsFromContext } from './credentials/context.ts';
import type { EventRecord } from './events/event-record.ts';
import { EventError, type Invocation, parseEvent } from './events/parse.ts';
import { readContext } from './fc-context.ts';
import { createJsonLogger } from './log.ts';
import { createCaller } from './oss/call.ts';
import { type Endpoint, resolveEndpoint } from './oss/endpoint.ts';
import { createProcessingClient, type ProcessingClient } from './oss/processing.ts';
import type { Credentials } from './oss/sign.ts';
import { completeFacts } from './pipeline/facts.ts';
import { plan } from './pipeline/plan.ts';
import { logResult, logSummary, OutputsFailed, type Report, summarize } from './pipeline/report.ts';
import type { Done, Failed, Result } from './pipeline/result.ts';
import { run } from './pipeline/run.ts';
import { readAdHocRules, readRules } from './rules/read.ts';
import type { RuleSet } from './rules/rule.ts';
import { type Settings, SettingsError } from './settings.ts';

export interface HandlerDeps {
  settings: Settings;
  dispatcher: Dispatcher;
  /** Where credentials come from when there is no Function Compute context. */
  defaultCredentials: () => Promise<Credentials>;
  /** Takes one line of log. */
  write: (line: string) => void;
  /** Every event is only planned for, also where it does not say so itself. */
  dryRun?: boolean;
  /** For one attempt of one call to OSS; the client's own unless given. */
  attemptTimeoutMs?: number;
  now?: () => number;
  sleep?: (ms: number) => Promise<void>;
}

/** Kept free at the end of an invocation, to report before the platform ends it. */
const reserveMs = 1_000;

/** Far above what one invocation has time for; bounds the memory that a hand-made event can ask for. */
const maxOutputs = 10_000;

/**
 * Makes the function: parse → plan → run → report. The returned report says what became of every output;
 * where any failed, OutputsFailed is thrown with the report, so that the platform retries and tells somebody.
 * Rules are read once and kept; credentials come with each invocation and are kept nowhere.
 */
export function createHandler(deps: HandlerDeps): (event: Uint8Array, context: unknown) => Promise<Report> {
  const { settings, now = Date.now } = deps;
  const logger = createJsonLogger(settings.logLevel, deps.write);
  // Outlives the invocation: an instance whose clock is wrong pays for learning it once.
  const clock = { offsetMs: 0 };
  let site: Site | undefined;
  let configured: RuleSet | undefined;
  const rulesFor = async ({ adHoc }: Invocation): Promise<RuleSet> => {
    if (adHoc !== undefined) {
      return readAdHocRules(adHoc);
    }
    configured = await readRules(settings);
    return configured;
  };
  return async (event, context) => {
    const startedAt = now();
    const { requestId, timeoutMs, region } = readContext(context);
    const invocation = parseEvent(event, new Date(startedAt));
    const known = invocation.adHoc ? undefined : configured;
    const rules = known ?? (await rulesFor(invocation));
    const deadline = startedAt + timeoutMs - Math.min(reserveMs, timeoutMs / 4);
    const limit = { current: settings.concurrency };
    if (site === undefined || site.here !== region) {
      site = findSite(settings, region);
    }
    const client = createClient(deps, { context, site, clock, limit });
    const records = await completeFacts(invocation.records, rules, { client, deadline });
    const planned = planAll(records, rules, invocation);
    const onResult = (result: Done) => logResult(logger, requestId, result);
    const isDryRun = invocation.dryRun || deps.dryRun;
    const results = isDryRun ? planned : await run(planned, { client, limit, deadline, now, onResult });
    const report = summarize(results, requestId, now() - startedAt);
    // Of a single result its own line says all.
    if (isDryRun || results.length > 1) {
      logSummary(logger, report);
    }
    if (mustThrow(report, rules)) {
      throw new OutputsFailed(report);
    }
    return report;
  };
}

function planAll(
  records: readonly (EventRecord | Failed)[],
  rules: RuleSet,
  { adHoc }: Invocation,
): Result[] {
  // Who names a style and a target means this very object, be it an output of ours or not.
  const isGuarded = adHoc && (() => false);
  const planned: Result[] = [];
  for (const record of records) {
    if ('status' in record) {
      planned.push(record);
    } else {
      planned.push(...plan(record, rules, isGuarded));
    }
    if (planned.length > maxOutputs) {
      throw new EventError(`The event asks for more than ${maxOutputs} outputs: split it.`);
    }
  }
  return planned;
}

/** A failure that may heal, or that the rules do not want to be only reported, goes to the platform's retries. */
function mustThrow({ results }: Report, { onPermanentFailure }: RuleSet): boolean {
  return results.some(
    (result) => result.status === 'failed' && (result.kind === 'transient' || onPermanentFailure === 'throw'),
  );
}

/** Where requests go: the region of the buckets, and its endpoint as seen from `here`, where the function runs. */
interface Site {
  here: string | undefined;
  region: string;
  endpoint: Endpoint;
}

function findSite({ region: configured, endpoint, cname }: Settings, here: string | undefined): Site {
  const region = configured ?? here;
  if (region === undefined) {
    throw new SettingsError('No region: set OSS_REGION, for example cn-hangzhou.');
  }
  // The internal endpoint costs no traffic, and is only reachable from inside its own region.
  const resolved = resolveEndpoint({ region, endpoint, cname, internal: region === here });
  return { here, region, endpoint: resolved };
}

/** What the client of one invocation takes from it. */
interface Invoked {
  context: unknown;
  site: Site;
  clock: { offsetMs: number };
  limit: { current: number };
}

function createClient(deps: HandlerDeps, { context, site, clock, limit }: Invoked): ProcessingClient {
  const { dispatcher, attemptTimeoutMs, now, sleep } = deps;
  const hasContext = context !== undefined && context !== null;
  const call = createCaller({
    region: site.region,
    endpoint: site.endpoint,
    credentials: hasContext ? () => credentialsFromContext(context) : deps.defaultCredentials,
    dispatcher,
    clock,
    onRetry: ({ error }) => {
      if (error.kind === 'throttled') {
        limit.current = Math.max(1, Math.floor(limit.current / 2));
      }
    },
    attemptTimeoutMs,
    now,
    sleep,
  });
  return createProcessingClient(call);
}
