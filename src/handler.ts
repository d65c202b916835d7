import type { Dispatcher } from 'undici';
import { credentialsFromContext } from './credentials/context.ts';
import { parseEvent } from './events/parse.ts';
import { readContext } from './fc-context.ts';
import { createJsonLogger } from './log.ts';
import { type CallSettings, createCall } from './oss/call.ts';
import { type Endpoint, resolveEndpoint } from './oss/endpoint.ts';
import type { Credentials } from './oss/sign.ts';
import { withRules } from './pipeline/ad-hoc.ts';
import { createMemory } from './pipeline/memory.ts';
import { logOutcome, logSummary, OutputsFailed, type Report, summarize } from './pipeline/report.ts';
import type { Outcome } from './pipeline/result.ts';
import { run } from './pipeline/run.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { type Settings, SettingsError } from './settings.ts';

interface HandlerDeps {
  settings: Settings;
  ruleSet: RuleSet;
  dispatcher: Dispatcher;
  /** Gives credentials when there is no Function Compute context. */
  defaultCredentials: () => Promise<Credentials>;
  /** Takes one line of log. */
  write: (line: string) => void;
  /** Makes every event a dry run, whatever it asks for itself. */
  dryRun?: boolean | undefined;
  now?: (() => number) | undefined;
  random?: (() => number) | undefined;
  /** Overrides the settings of calls to OSS. */
  callSettings?: Partial<CallSettings> | undefined;
}

/** Kept free at the end of an invocation, to report before the platform ends it. */
const reserveMs = 1_000;

/**
 * Makes the function. `invoke` parses an event, plans its outputs and has OSS save them; it resolves to a
 * report of what became of every output, or throws OutputsFailed with that report where any failed, so that
 * the platform retries and notifies somebody. Credentials come with each invocation and are kept nowhere.
 */
export function createHandler(deps: HandlerDeps): (event: Uint8Array, context: unknown) => Promise<Report> {
  const { settings, dispatcher, random = Math.random } = deps;
  const logger = createJsonLogger(settings.logLevel, deps.write);
  // It outlives the invocation: an instance whose clock is wrong pays for learning it once.
  const clock = { offsetMs: 0 };
  const instance = createMemory();

  return async function invoke(event, context) {
    const now = deps.now ?? createClock();
    const startedAtMs = now();
    const { requestId, timeoutMs, region } = readContext(context);
    const records = parseEvent(event);
    const jobs = withRules(records, deps.ruleSet).map(({ record, ruleSet }) => {
      const { dryRun = false, onlyMissing } = record.options ?? {};
      return { record, ruleSet, dryRun: dryRun || deps.dryRun === true, onlyMissing };
    });
    const deadlineMs = startedAtMs + timeoutMs - Math.min(reserveMs, timeoutMs / 4);
    const limit = { current: settings.concurrency };
    let halvedAtMs = Number.NEGATIVE_INFINITY;
    const call = createCall({
      credentials: context ? () => credentialsFromContext(context) : deps.defaultCredentials,
      onRetry: ({ kind }) => {
        // Calls that are under way together all meet the same overload, which halves them once.
        if (kind === 'throttled' && now() - halvedAtMs >= 1_000) {
          limit.current = Math.max(1, Math.floor(limit.current / 2));
          halvedAtMs = now();
        }
      },
      dispatcher,
      clock,
      now,
      ...findOss(settings, region),
      ...deps.callSettings,
    });
    const memory = instance.open(requestId);
    const onOutcome = (outcome: Outcome) => logOutcome(logger, requestId, outcome);
    const options = { call, limit, deadlineMs, timeoutMs, now, random, memory, onOutcome };
    const results = await run(jobs, options);
    const report = summarize(results, requestId, now() - startedAtMs);
    // The line of a single result already says all.
    if (jobs.some(({ dryRun }) => dryRun) || results.length > 1) {
      logSummary(logger, report);
    }
    const mayOnlyReport = records.every(({ options }) => !options?.adHoc && !options?.alwaysThrows);
    if (mustThrow(report, mayOnlyReport ? deps.ruleSet.onPermanentFailure : 'throw')) {
      throw new OutputsFailed(report);
    }
    instance.forget(requestId);
    return report;
  };
}

/** The time of day, which goes on evenly: a clock that is put back would give the invocation more time. */
function createClock(): () => number {
  const bootedAtMs = Date.now() - process.uptime() * 1_000;
  return () => Math.round(bootedAtMs + process.uptime() * 1_000);
}

/** The region of the buckets, and its endpoint as seen from `here`, the region in which the function runs. */
function findOss(settings: Settings, here: string | undefined): { region: string; endpoint: Endpoint } {
  const { region = here, endpoint, cname } = settings;
  if (region === undefined) {
    throw new SettingsError('No region: set OSS_REGION, for example cn-hangzhou.');
  }
  // The internal endpoint costs no traffic, and is only reachable from inside its own region.
  return { region, endpoint: resolveEndpoint({ region, endpoint, cname, internal: region === here }) };
}

/** A failure that may heal, or that the rules want more than reported, goes to the platform's retries. */
function mustThrow({ results }: Report, onPermanentFailure: RuleSet['onPermanentFailure']): boolean {
  return results.some(
    (one) => one.status === 'failed' && (one.kind === 'transient' || onPermanentFailure !== 'report'),
  );
}
