import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { accepts, sequence, toDfa } from '../../../check/old/automaton.ts';
import type { Logger } from '../../../log.ts';
import { badRequest, OssError } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import { operationName } from '../operations/table.ts';
import {
  type Circumstances,
  dated,
  discard,
  isSignedOnDayOf,
  otherObject,
  slowed,
  truncated,
  withClock,
  withWrongJson,
} from './answers.ts';
import { faultOperations, imageOperations, isRefusal, refusals } from './kinds.ts';
import { type FaultPlan, type ParsedFaultPlan, type ParsedFaultRule, parseFaultPlan } from './plan.ts';

/** One request, and how it is answered where nothing goes wrong. */
export interface Exchange {
  readonly request: OssRequest;
  readonly response: ServerResponse;
  /** Never rejects. */
  readonly run: (circumstances: Circumstances) => Promise<Reply>;
  readonly refuse: (error: OssError) => Reply;
}

export interface FaultOptions extends Circumstances {
  readonly plan?: FaultPlan | undefined;
  /** The quota while no plan sets one. */
  readonly imageCallsPerSecond?: number | undefined;
  readonly log: Logger;
}

export interface Faults {
  /** The answer to a request; undefined where the connection has been seen to. */
  answer(exchange: Exchange): Promise<Reply | undefined>;
  /** Puts a plan in force, its counts at nought; throws FaultPlanError and leaves the earlier one. */
  set(plan: unknown): void;
  /** The plan in force, with how often each rule was `applied`. */
  describe(): object;
}

interface Armed {
  readonly rule: ParsedFaultRule;
  readonly matches: (request: OssRequest, operation: string) => boolean;
  readonly random: () => number;
  applied: number;
}

/**
 * Faults on demand: each request meets at most one, the first of the plan that matches it and hits. Nothing here is
 * OSS's own but the answers, so no answer gives away that it was asked for.
 */
export function createFaults(options: FaultOptions): Faults {
  const { now, store, log } = options;
  let plan: ParsedFaultPlan;
  let armed: readonly Armed[];
  let takeImageCall: () => boolean;

  function set(input: unknown): void {
    plan = parseFaultPlan(input);
    const { seed = 1 } = plan;
    armed = plan.rules.map((rule, index) => arm(rule, createRandom(seed + index * 0x9e3779b9)));
    takeImageCall = createQuota(plan.imageCallsPerSecond ?? options.imageCallsPerSecond, now);
  }
  set(options.plan ?? {});

  function take(request: OssRequest, operation: string): ParsedFaultRule | undefined {
    const hit = armed.find(
      ({ rule, applied, matches, random }) =>
        applied < (rule.count ?? Number.POSITIVE_INFINITY) &&
        matches(request, operation) &&
        random() < (rule.probability ?? 1),
    );
    if (hit === undefined) {
      return undefined;
    }
    hit.applied += 1;
    return hit.rule;
  }

  return {
    set,
    describe: () => ({
      ...plan,
      rules: armed.map(({ rule, applied }) => ({ ...rule, key: rule.key?.text, applied })),
    }),
    answer: async (exchange) => {
      const { request, run, refuse } = exchange;
      const operation = operationName(request) ?? '';
      const rule = take(request, operation);
      if (rule !== undefined) {
        const { requestId, bucket, key } = request;
        log.info('fault', { fault: rule.fault, operation, bucket, key, requestId });
        return applyFault(rule, exchange, { now, store });
      }
      if (imageOperations.includes(operation) && !takeImageCall()) {
        return refuse(new OssError(refusals.CpuLimitExceeded));
      }
      return run({ now, store });
    },
  };
}

function arm(rule: ParsedFaultRule, random: () => number): Armed {
  const { fault, operation: wanted, key } = rule;
  const dfa = key && toDfa(sequence(key.nodes));
  const matches = (request: OssRequest, operation: string) =>
    (wanted === undefined || wanted === operation || operation.startsWith(`${wanted} with `)) &&
    (faultOperations[fault]?.includes(operation) ?? true) &&
    (dfa === undefined || accepts(dfa, request.key)) &&
    (fault !== 'SecurityTokenExpired' || hasToken(request));
  return { rule, matches, random, applied: 0 };
}

/** Only what is signed with a temporary AccessKey has a token to expire. */
function hasToken({ headers, query }: OssRequest): boolean {
  return (
    headers.has('x-oss-security-token') || query.has('x-oss-security-token') || query.has('security-token')
  );
}

async function applyFault(
  { fault, delayMs = 5_000, clockOffsetMs }: ParsedFaultRule,
  exchange: Exchange,
  usual: Circumstances,
): Promise<Reply | undefined> {
  const { request, response, run, refuse } = exchange;
  if (isRefusal(fault)) {
    return refuse(new OssError(refusals[fault]));
  }
  switch (fault) {
    case 'DropAfter':
      discard(await run(usual));
      response.socket?.resetAndDestroy();
      return undefined;
    case 'DropBefore':
      response.socket?.resetAndDestroy();
      return undefined;
    case 'HalfOpen':
      await once(response, 'close');
      return undefined;
    case 'SlowAnswer':
      return slowed(await run(usual), () => pause(delayMs, undefined, { ref: false }));
    case 'TruncatedAnswer':
      return truncated(await run(usual));
    case 'WrongJson':
      return withWrongJson(await run(usual));
    case 'OtherObject':
      return otherObject(usual.store, (store) => run({ ...usual, store }));
    case 'RequestTimeTooSkewed':
      return withClock(exchange.run, usual, clockOffsetMs ?? 3_600_000);
    case 'InvalidSigningDate': {
      const offsetMs = clockOffsetMs ?? 86_400_000;
      if (isSignedOnDayOf(usual.now() + offsetMs, request)) {
        return withClock(run, usual, offsetMs);
      }
      const message = 'Invalid signing date in Authorization header.';
      return dated(refuse(badRequest('InvalidArgument', message)), usual.now() + offsetMs);
    }
  }
}

/** Mulberry32: 0 to 1, the same sequence for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A token bucket that holds the calls of one second; false when it is empty. */
function createQuota(callsPerSecond: number | undefined, now: () => number): () => boolean {
  if (callsPerSecond === undefined) {
    return () => true;
  }
  let tokens = callsPerSecond;
  let filledMs = now();
  return () => {
    const nowMs = now();
    tokens = Math.min(callsPerSecond, tokens + (Math.max(0, nowMs - filledMs) / 1000) * callsPerSecond);
    filledMs = nowMs;
    if (tokens < 1) {
      return false;
    }
    tokens -= 1;
    return true;
  };
}
