import { affixesMeet, commonPrefix, excludedAffixes, globAffixes } from '../../check/old/affixes.ts';
import { writersOf } from '../../check/old/reach.ts';
import type { RuleSet } from '../../check/old/rule.ts';
import { creationEvents } from '../check/agreement.ts';
import { bucketsOf, filtersOf, objectPrefixes, sourceBuckets } from './filters.ts';

/** Where the rules are deployed; each may be a variable of `s.yaml`. */
export interface Place {
  region: string;
  account: string;
  /** The bucket of rules that name none. */
  bucket: string;
  functionName: string;
}

/**
 * What the function's role may do and nothing more: PostProcessTask on sources, PutObject on targets (OSS help,
 * "sys/saveas"), and GetObject, which HeadObject is authorised as, where rules have objects looked at.
 */
export function rolePolicy(rules: RuleSet, { account, bucket }: Place): object {
  const { sources, targets, asked } = objectPrefixes(rules, bucket);
  const allow = (action: string, prefixes: readonly string[]) =>
    prefixes.length === 0
      ? []
      : [
          {
            Effect: 'Allow',
            Action: [action],
            Resource: prefixes.map((prefix) => `acs:oss:*:${account}:${prefix}*`),
          },
        ];
  const statements = [
    ...allow('oss:PostProcessTask', sources),
    ...allow('oss:PutObject', targets),
    ...allow('oss:GetObject', asked),
  ];
  return { Version: '1', Statement: statements };
}

/** Who may take on a role: Function Compute the function's, OSS that of its trigger. */
export function trustPolicy(service: 'fc' | 'oss'): object {
  const Principal = { Service: [`${service}.aliyuncs.com`] };
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] };
}

/** What the role of a native trigger may do: call this function. */
export function triggerPolicy({ account, functionName }: Place): object {
  const Resource = [
    `acs:fc:*:${account}:functions/${functionName}`,
    `acs:fc:*:${account}:functions/${functionName}/*`,
  ];
  return { Version: '1', Statement: [{ Effect: 'Allow', Action: ['fc:InvokeFunction'], Resource }] };
}

/** The narrowest native triggers for the rules, as `triggers` in `s.yaml` has them. */
export function nativeTriggers(rules: RuleSet, { region, account, bucket }: Place): object[] {
  return sourceBuckets(rules, bucket).flatMap((name, i) =>
    filtersOf(rules.rules.filter(({ match }) => bucketsOf(match, bucket).includes(name))).map(
      ({ prefix, suffix }, j) => ({
        triggerName: `oss-upload${i + j === 0 ? '' : `-${i + 1}-${j + 1}`}`,
        triggerType: 'oss',
        qualifier: 'LATEST',
        sourceArn: `acs:oss:${region}:${account}:${name}`,
        invocationRole: `acs:ram::${account}:role/aliyunosseventnotificationrole`,
        triggerConfig: { events: creationEvents, filter: { key: { prefix, suffix } } },
      }),
    ),
  );
}

/**
 * The event pattern that delivers what the rules take and leaves our own outputs out. Fields are all to fit, and of one
 * field's list any (EventBridge help, "Event patterns"), so prefixes, the one exclusion and the suffixes share two
 * fields that both hold the key: `subject` and `data.oss.object.key`.
 */
export function eventPattern(rules: RuleSet, place: Place): object {
  const { region, account } = place;
  const buckets = sourceBuckets(rules, place.bucket);
  const globs = rules.rules.flatMap(({ match }) => match.key.map(globAffixes));
  const prefixes = outermost(globs.map(({ prefix }) => prefix));
  const barred = ownPrefix(rules, prefixes);
  const suffixes = [...new Set(globs.flatMap((affixes) => affixes.suffixes))];
  const hasPrefix = !prefixes.includes('');
  const endings = suffixes.includes('') ? undefined : suffixes.map((suffix) => ({ suffix }));
  const subject = hasPrefix
    ? buckets.flatMap((bucket) =>
        prefixes.map((prefix) => ({ prefix: `acs:oss:${region}:${account}:${bucket}/${prefix}` })),
      )
    : barred && endings;
  const key = barred === undefined ? endings : [{ 'anything-but': { prefix: barred } }];
  return {
    source: ['acs.oss'],
    type: creationEvents,
    ...(subject && { subject }),
    data: { oss: { bucket: { name: buckets }, ...(key && { object: { key } }) } },
  };
}

function outermost(prefixes: readonly string[]): string[] {
  const all = [...new Set(prefixes)];
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(other)));
}

/** A prefix of our own outputs among what is delivered, under which no rule takes anything. */
function ownPrefix(rules: RuleSet, delivered: readonly string[]): string | undefined {
  const own = writersOf(rules)
    .map(({ affixes }) => affixes.prefix)
    .filter((prefix) => delivered.some((one) => prefix.startsWith(one)));
  const folders = [commonPrefix(own), ...own].map((prefix) => prefix.slice(0, prefix.lastIndexOf('/') + 1));
  return folders.find((prefix) => {
    const affixes = { prefix, suffixes: [''] };
    const isTaken = rules.rules.some(
      ({ match }) =>
        !excludedAffixes(match)(affixes) && match.key.some((glob) => affixesMeet(globAffixes(glob), affixes)),
    );
    return prefix !== '' && !isTaken;
  });
}
