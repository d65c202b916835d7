import { globAffixes } from '../../check/old/affixes.ts';
import { bucketsMeet, createLanguages, writersOf } from '../../check/old/reach.ts';
import type { Match, RuleSet } from '../../check/old/rule.ts';
import { findWord } from '../../check/old/sources.ts';
import { didYouMean } from '../../did-you-mean.ts';
import { type Delivery, parsePattern, readDelivery } from './delivery.ts';
import type { Say } from './remark.ts';
import { type Deployment, known, type Trigger } from './serverless.ts';

/** Events after which an object is there, whole: what a trigger should have. */
export const creationEvents = ['PutObject', 'PostObject', 'CompleteMultipartUpload', 'CopyObject'].map(
  (name) => `oss:ObjectCreated:${name}`,
);

/** All that a native trigger may name (OSS help, "Event notification"; Function Compute help, "Native OSS triggers"). */
const knownEvents = [
  ...creationEvents,
  'oss:ObjectCreated:AppendObject',
  'oss:ObjectCreated:PutSymlink',
  ...['InitiateMultipartUpload', 'UploadPart', 'UploadPartCopy', '*'].map(
    (name) => `oss:ObjectCreated:${name}`,
  ),
  'oss:ObjectModified:UpdateObjectMeta',
  ...['DeleteObject', 'DeleteObjects', 'AbortMultipartUpload'].map((name) => `oss:ObjectRemoved:${name}`),
  ...['ObjectCreated', 'ObjectModified', 'ObjectRemoved'].map((name) => `oss:ObjectReplication:${name}`),
];

/** Native OSS triggers of one bucket (Function Compute help, "Limits"); the number is fixed. */
export const maxNativeTriggers = 10;

interface Says {
  sayRules: Say;
  saySYaml: Say;
}

/** Compares the rules with the triggers of `s.yaml`, and looks for what would be refused at deploy. */
export function remarkAgreement(rules: RuleSet, deployment: Deployment, { sayRules, saySYaml }: Says): void {
  const { triggers, propsPath, hasRole } = deployment;
  if (!hasRole) {
    saySYaml(
      'warning',
      'role-missing',
      propsPath,
      'names no role: without one the function may neither read nor write OSS',
    );
  }
  for (const trigger of triggers) {
    if (trigger.type === 'oss') {
      remarkNative(trigger, deployment, saySYaml);
    }
    if (trigger.type === 'eventbridge') {
      remarkPattern(trigger, saySYaml);
    }
  }
  remarkOverlaps(triggers, saySYaml);
  const deliveries = triggers.flatMap((trigger) => readDelivery(trigger) ?? []);
  remarkReach(rules, deliveries, sayRules);
  remarkOwnOutputs(rules, deliveries, saySYaml);
}

function remarkNative(
  { path, arn, invocationRole, events = [], ...filter }: Trigger,
  { region }: Deployment,
  say: Say,
): void {
  const config = [...path, 'triggerConfig'];
  if (arn === undefined || !arn.text.startsWith('acs:oss:')) {
    say(
      'error',
      'trigger-arn',
      [...path, 'sourceArn'],
      'expected sourceArn: acs:oss:<region>:<account>:<bucket>',
    );
  } else if (arn.region !== undefined && region !== undefined && arn.region !== region) {
    say(
      'error',
      'trigger-region',
      [...path, 'sourceArn'],
      `the bucket is in ${arn.region}, the function in ${region}: they have to share a region`,
    );
  }
  if (invocationRole === undefined) {
    const message =
      'has no invocationRole: the component then looks for the default role within 3 seconds, and a deployment over a slow line ends there. Give its ARN';
    say('warning', 'invocation-role', path, message);
  }
  if (filter.prefix === undefined || filter.suffix === undefined) {
    say(
      'error',
      'trigger-filter',
      config,
      'expected filter.key with both prefix and suffix; either may be ""',
    );
  }
  if (events.length === 0) {
    say('error', 'trigger-events', config, 'expected events, such as oss:ObjectCreated:PutObject');
  }
  events.forEach((event, i) => {
    const at = [...config, 'events', i];
    const mark = { offset: 0, length: event.length };
    const part = /^oss:ObjectCreated:(\*|InitiateMultipartUpload|UploadPart|UploadPartCopy)$/.exec(
      event,
    )?.[1];
    if (part !== undefined) {
      const message = `${event} ${part === '*' ? 'also ' : ''}tells of parts before the object is there: one multipart upload of 12 MB calls the function about 5 times. Name ${creationEvents.join(', ')}`;
      say('error', 'trigger-wildcard', at, message, mark);
    } else if (!knownEvents.includes(event)) {
      say('error', 'trigger-events', at, `there is no event ${event}${didYouMean(event, knownEvents)}`, mark);
    } else if (!event.startsWith('oss:ObjectCreated:') && event !== 'oss:ObjectReplication:ObjectCreated') {
      say(
        'warning',
        'trigger-events',
        at,
        `${event} brings no new object: the function is called, and skips it`,
        mark,
      );
    }
  });
  const missing = creationEvents.filter((event) => !events.includes(event));
  if (events.length > 0 && missing.length > 0 && !events.includes('oss:ObjectCreated:*')) {
    const message = `uploads that raise ${missing.join(', ')} are missed; consoles and browsers use PostObject, tools CompleteMultipartUpload for large objects`;
    say('warning', 'trigger-events', [...config, 'events'], message);
  }
}

function remarkPattern({ path, pattern }: Trigger, say: Say): void {
  if (pattern !== undefined && parsePattern(pattern) !== undefined) {
    return;
  }
  say(
    'error',
    'trigger-pattern',
    [...path, 'triggerConfig', 'eventRuleFilterPattern'],
    'expected an event pattern as JSON text',
  );
}

/** Function Compute refuses triggers of one bucket that share an event, and prefixes and suffixes of which both overlap. */
function remarkOverlaps(triggers: readonly Trigger[], say: Say): void {
  const native = triggers.filter(({ type }) => type === 'oss');
  const perBucket = new Map<string, number>();
  native.forEach((trigger, i) => {
    const bucket = trigger.arn?.text ?? '';
    const count = (perBucket.get(bucket) ?? 0) + 1;
    perBucket.set(bucket, count);
    if (count === maxNativeTriggers + 1) {
      say(
        'error',
        'trigger-count',
        trigger.path,
        `is native trigger ${count} of its bucket, and ${maxNativeTriggers} is the most: use one EventBridge trigger (oss-saveas generate eventbridge)`,
      );
    }
    const other = native
      .slice(0, i)
      .find((earlier) => earlier.arn?.text === trigger.arn?.text && overlaps(earlier, trigger));
    if (other === undefined) {
      return;
    }
    const message = `overlaps with ${other.name}: same event, prefix "${trigger.prefix ?? ''}" and "${other.prefix ?? ''}", suffix "${trigger.suffix ?? ''}" and "${other.suffix ?? ''}". OSS refuses it: "Cannot specify overlapping prefix and suffix with same event type"`;
    say('error', 'trigger-overlap', trigger.path, message);
  });
}

export function overlaps(a: Trigger, b: Trigger): boolean {
  const [p, q, s, t] = [a.prefix ?? '', b.prefix ?? '', a.suffix ?? '', b.suffix ?? ''];
  const isWild = [...(a.events ?? []), ...(b.events ?? [])].includes('oss:ObjectCreated:*');
  const sharesEvent = isWild || (a.events ?? []).some((event) => b.events?.includes(event));
  return sharesEvent && (p.startsWith(q) || q.startsWith(p)) && (s.endsWith(t) || t.endsWith(s));
}

/** Rules that no trigger reaches, or not for all of their keys. */
function remarkReach({ rules }: RuleSet, deliveries: readonly Delivery[], say: Say): void {
  const languages = createLanguages();
  rules.forEach(({ name, match }, i) => {
    const text = match.key[0]?.text ?? '';
    for (const bucket of match.bucket.length === 0 ? [undefined] : match.bucket) {
      const from = deliveries.filter(({ buckets }) =>
        bucketsMeet(buckets ?? [], bucket === undefined ? [] : [bucket]),
      );
      if (from.some((delivery) => surelyDelivers(delivery, match))) {
        continue;
      }
      const taken = languages.taken(match)?.dfa;
      if (taken === undefined) {
        return;
      }
      const missed = findWord(
        [taken],
        from.map(({ keys }) => keys),
      );
      if (missed === undefined) {
        continue;
      }
      const isReached = from.some(({ keys }) => findWord([taken, keys], []) !== undefined);
      const where = bucket === undefined ? '' : ` in ${bucket}`;
      const path =
        bucket === undefined || match.key.length > 1 ? ['rules', i, 'match'] : ['rules', i, 'match', 'key'];
      const mark = match.key.length === 1 ? { offset: 0, length: text.length } : undefined;
      const at = match.key.length === 1 ? ['rules', i, 'match', 'key'] : path;
      if (isReached) {
        say(
          'warning',
          'partly-reached',
          at,
          `some of what \`${name}\` takes${where} is delivered by no trigger, such as \`${missed}\``,
          mark,
        );
      } else {
        say(
          'error',
          'unreached',
          at,
          `no trigger delivers what \`${name}\` takes${where}, such as \`${missed}\`: it would never run (oss-saveas generate trigger)`,
          mark,
        );
      }
    }
  });
}

/** Told by how keys begin and end alone, which settles most rules without an automaton. */
function surelyDelivers({ trigger }: Delivery, { key }: Match): boolean {
  if (trigger.type !== 'oss') {
    return false;
  }
  const [prefix, suffix] = [known(trigger.prefix ?? '') ?? '', known(trigger.suffix ?? '') ?? ''];
  return key.map(globAffixes).every((affixes) => {
    return affixes.prefix.startsWith(prefix) && affixes.suffixes.every((text) => text.endsWith(suffix));
  });
}

/** More of the same says nothing new. */
const maxOwnOutputs = 5;

/** Triggers that call the function for its own outputs, which no rule takes: each is an invocation paid for nothing. */
function remarkOwnOutputs(rules: RuleSet, deliveries: readonly Delivery[], say: Say): void {
  const languages = createLanguages();
  let said = 0;
  for (const { trigger, buckets, keys } of deliveries) {
    if (trigger.pattern !== undefined && parsePattern(trigger.pattern) === undefined) {
      continue;
    }
    for (const writer of writersOf(rules)) {
      if (said >= maxOwnOutputs || !bucketsMeet(writer.buckets, buckets ?? [])) {
        continue;
      }
      if (
        trigger.prefix !== undefined &&
        !trigger.prefix.startsWith(writer.affixes.prefix) &&
        !writer.affixes.prefix.startsWith(trigger.prefix)
      ) {
        continue;
      }
      const takers = rules.rules.filter((rule) => languages.feeds(writer, rule));
      const own = findWord(
        [languages.written(writer), keys],
        takers.flatMap(({ match }) => languages.taken(match)?.dfa ?? []),
      );
      if (own === undefined) {
        continue;
      }
      said += 1;
      const message = `calls the function for its own output \`${own}\` (rule \`${writer.rule.name}\`), which costs an invocation each time. Narrow its prefix, or leave them out by an EventBridge pattern (oss-saveas generate eventbridge)`;
      say('warning', 'own-outputs', trigger.path, message);
    }
  }
}
