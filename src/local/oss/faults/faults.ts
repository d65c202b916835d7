import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../../../log.ts';
import { formatTimestamp } from '../../../oss/sign.ts';
import { badRequest, type OssError } from '../http/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { OssRequest } from '../http/request.ts';
import type { Service } from '../operations/operation.ts';
import { findOperation } from '../operations/table.ts';
import { dated, discard, slowed, truncated, withWrongJson } from './answers.ts';
import { createQuota, createRandom } from './chance.ts';
import { faultOperations, imageOperations, refusalOf } from './kinds.ts';
import { type FaultPlan, type FaultRule, keyMatcher, parseFaultPlan } from './plan.ts';

/** One request, and how it is normally answered. */
interface Exchange {
  readonly request: OssRequest;
  readonly response: ServerResponse;
  /** Carries the request out, optionally with a changed service; never rejects. */
  readonly run: (changes?: Partial<Service>) => Promise<Reply>;
  readonly refuse: (error: OssError) => Reply;
}

export type Faults = ReturnType<typeof createFaults>;

/**
 * Faults on demand. Each request meets at most one: the first in the plan that matches and hits. The answers
 * are OSS's own, so nothing shows that they were asked for.
 */
export function createFaults(atStart: FaultPlan, { now, log }: { now: () => number; log: Logger }) {
  let plan: FaultPlan;
  let switches: FaultSwitch[];
  let takeImageCall: () => boolean;

  /** Sets a plan with all counts at zero. If it throws an OssError, the earlier plan stays. */
  function set(input: unknown): void {
    plan = parseFaultPlan(input);
    const { seed = 1, rules = [], imageCallsPerSecond } = plan;
    switches = rules.map((rule, index) => {
      const random = createRandom(seed + index * 0x9e3779b9);
      return { rule, matchesKey: keyMatcher(rule.key), random, applied: 0 };
    });
    takeImageCall = createQuota(imageCallsPerSecond, now);
  }
  set(atStart);

  return {
    set,
    /** The plan in force, with how often each rule was `applied`. */
    describe: () => ({
      ...plan,
      rules: switches.map(({ rule, applied }) => ({ ...rule, applied })),
    }),
    /** The answer to a request; undefined if the connection was already dealt with. */
    answer: async (exchange: Exchange): Promise<Reply | undefined> => {
      const { request, run, refuse } = exchange;
      const operation = findOperation(request).name;
      const hit = switches.find((each) => isHit(each, request, operation));
      if (hit !== undefined) {
        hit.applied += 1;
        const { requestId, bucket, key } = request;
        log.info('fault', { fault: hit.rule.fault, operation, bucket, key, requestId });
        return applyFault(hit.rule, exchange, now);
      }
      const cpuLimit = imageOperations.includes(operation) && !takeImageCall();
      return cpuLimit ? refuse(refusalOf('CpuLimitExceeded')) : run();
    },
  };
}

/** A rule of the plan in force. */
interface FaultSwitch {
  readonly rule: FaultRule;
  readonly matchesKey: (key: string) => boolean;
  readonly random: () => number;
  applied: number;
}

function isHit({ rule, matchesKey, random, applied }: FaultSwitch, request: OssRequest, operation: string) {
  // Only requests signed with a temporary AccessKey have a token that can expire.
  const names = [...request.headers.keys(), ...request.query.keys()];
  const hasToken = names.some((name) => name.endsWith('security-token'));
  const { fault, operation: wanted = operation, count = Number.POSITIVE_INFINITY, probability = 1 } = rule;
  return (
    applied < count &&
    (wanted === operation || operation.startsWith(`${wanted} with `)) &&
    (faultOperations[fault]?.includes(operation) ?? true) &&
    matchesKey(request.key) &&
    (fault !== 'SecurityTokenExpired' || hasToken) &&
    random() < probability
  );
}

async function applyFault(rule: FaultRule, exchange: Exchange, now: () => number) {
  const { fault, delayMs = 5_000, clockOffsetMs } = rule;
  const { request, response, run, refuse } = exchange;
  switch (fault) {
    case 'DropAfter':
      discard(await run());
      response.socket?.resetAndDestroy();
      return undefined;
    case 'DropBefore':
      response.socket?.resetAndDestroy();
      return undefined;
    case 'HalfOpen':
      await once(response, 'close');
      return undefined;
    case 'SlowAnswer':
      return slowed(await run(), () => pause(delayMs, undefined, { ref: false }));
    case 'TruncatedAnswer':
      return truncated(await run());
    case 'WrongJson':
      return withWrongJson(await run());
    case 'OtherObject':
      return run({ saveAsKey: (key) => `${key}.other` });
    case 'RequestTimeTooSkewed':
      return withClock(run, () => now() + (clockOffsetMs ?? 3_600_000));
    case 'InvalidSigningDate': {
      const wrongNow = () => now() + (clockOffsetMs ?? 86_400_000);
      const wrongDay = formatTimestamp(wrongNow()).slice(0, 8);
      const signedAt = request.headers.get('x-oss-date') ?? request.query.get('x-oss-date');
      if (signedAt?.startsWith(wrongDay)) {
        return withClock(run, wrongNow);
      }
      const message = 'Invalid signing date in Authorization header.';
      return dated(refuse(badRequest('InvalidArgument', message)), wrongNow());
    }
    default:
      return refuse(refusalOf(fault));
  }
}

/** Answers like a server whose clock is wrong. */
async function withClock(run: Exchange['run'], now: () => number): Promise<Reply> {
  return dated(await run({ now }), now());
}
