import { createWriteStream, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { inventorySource } from '../backfill/inventory.ts';
import { readJournal } from '../backfill/journal-file.ts';
import { digestOfFile, keyListSource } from '../backfill/key-list.ts';
import { listingSource } from '../backfill/listing.ts';
import { type BucketPrefix, listingPrefixes } from '../backfill/prefixes.ts';
import { type Quota, quotaOf } from '../backfill/quota.ts';
import { digestOf, type Source } from '../backfill/source.ts';
import { createTaskClient } from '../backfill/task-client.ts';
import { didYouMean } from '../did-you-mean.ts';
import { readTime } from '../events/envelopes.ts';
import { isAddress, splitObjectUrl } from '../object-url.ts';
import type { Call } from '../oss/call.ts';
import { digestOfRules } from '../rules/digest.ts';
import type { Rule, RuleSet } from '../rules/rule-set.ts';
import { CliError, type Io, type Options, type ValuesOf } from './command.ts';
import { type Connection, type connectionOptions, describeEndpoint } from './connection.ts';
import { checkFile, notAs, parseBucket, parseCount, parseNumber } from './input.ts';
import { loadRules, rulesOption } from './project.ts';

/** The options that say which objects a backfill covers, and how fast it goes. */
export const jobOptions = {
  rules: rulesOption,
  rule: { value: 'name', summary: 'only this rule' },
  bucket: { value: 'name', summary: 'for rules, or keys in a file, that name none' },
  inventory: { value: 'file|url', summary: "an OSS inventory's manifest.json, in place of listing" },
  keys: { value: 'file', summary: 'a key or oss://bucket/key per line, or failures; - reads standard input' },
  since: { value: 'date', summary: 'objects modified then or later, such as 2026-01-31' },
  until: { value: 'date', summary: 'objects modified before' },
  'only-missing': { summary: 'leaves outputs that exist as they are (one HEAD request each)' },
  max: { value: 'number', summary: 'ends after that many objects; the same command continues' },
  share: { value: 'share', default: '0.8', summary: "of the region's quota; the rest is for uploads" },
  rate: { value: 'number', summary: 'calls per second, if your quota differs' },
  via: { value: 'way', summary: '"function" hands batches to the deployed function, as asynchronous tasks' },
  function: { value: 'name', default: 'oss-saveas-backfill', summary: 'the function for --via function' },
  'fc-endpoint': { value: 'url', summary: 'its API (default https://<AccountID>.<region>.fc.aliyuncs.com)' },
  journal: { value: 'folder', summary: 'where it records its progress (default .backfill beside the rules)' },
} as const satisfies Options;

type BackfillValues = ValuesOf<typeof jobOptions & typeof connectionOptions>;

/** The part of a backfill's work that its options define. */
export type BackfillPlan = Awaited<ReturnType<typeof planBackfill>>;

/** Everything that a backfill needs to know about its work. */
export type BackfillJob = BackfillPlan & { source: Source };

/** Reads the options of a backfill, except its source. Throws CliError if they contradict each other. */
export async function planBackfill(
  values: BackfillValues,
  urls: readonly string[],
  io: Io,
  connection: Connection,
) {
  const { keys, inventory, bucket, rule, 'only-missing': onlyMissing, via, max } = values;
  const ruleSet = selectRule((await loadRules(values.rules)).ruleSet, rule);
  const [sinceMs, untilMs] = [parseTime('since', values.since), parseTime('until', values.until)];
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new CliError(`--since: expected a time before that of --until, received "${values.since}".`);
  }
  const { journal = join(dirname(values.rules), '.backfill') } = values;
  // The same command has the same folder, whatever the rules say and however fast it goes.
  const rules = relative(journal, values.rules);
  const times = { since: sinceMs, until: untilMs };
  const worker = via === undefined ? undefined : readFunction(values, io, connection);
  const places = [describeEndpoint(connection), worker?.functionName, worker?.endpoint];
  const identity = { rules, urls, keys, inventory, bucket, rule, filter: times, onlyMissing, places };
  return {
    ruleSet,
    rulesDigest: digestOfRules(ruleSet.rules),
    filter: { sinceMs, untilMs },
    onlyMissing,
    max: max === undefined ? undefined : parseCount('max', max),
    taskClient: worker && createTaskClient({ ...worker, credentials: connection.credentials, stop: io.stop }),
    region: connection.settings.region,
    quota: readQuota(values, connection.settings.region),
    folder: join(journal, digestOf(JSON.stringify(identity))),
  };
}

/** Opens the source of a backfill whose folder is locked. Throws CliError if it names no object. */
export async function openBackfillSource(
  { keys, inventory, bucket }: BackfillValues,
  urls: readonly string[],
  { ruleSet: { rules }, folder }: BackfillPlan,
  { call, io }: { call: Call; io: Io },
): Promise<Source> {
  if ([keys, inventory, urls[0]].filter((given) => given !== undefined).length > 1) {
    throw new CliError('name the objects in one way: by oss://bucket/prefix/, --inventory or --keys.');
  }
  if (inventory !== undefined) {
    if (!isAddress(inventory)) {
      await checkFile(inventory, "name an inventory's manifest.json, here or as oss://bucket/key");
    }
    return inventorySource(inventory, call);
  }
  if (keys === '-') {
    return keyListSource(await saveInput(folder, io), 'standard input', bucket);
  }
  if (keys !== undefined) {
    await checkFile(keys, 'name a file with a key in each line, or - for standard input');
    return keyListSource(keys, keys, bucket);
  }
  const within = readWithin(urls);
  const places = listingPrefixes(rules, defaultBuckets(rules, bucket, within), within);
  if (places.length === 0) {
    throw new CliError('the rules take no object there.');
  }
  return listingSource(places, call);
}

const inputFileOf = (folder: string, name: string) => join(folder, `standard-input-${name}.txt`);

/** Saves the standard input, which can be read only once but is needed by the dry run and the run. */
async function saveInput(folder: string, { input }: Io): Promise<string> {
  const incoming = inputFileOf(folder, 'incoming');
  await pipeline(input, createWriteStream(incoming));
  if (statSync(incoming).size === 0) {
    throw new CliError('standard input is empty, and names no object.');
  }
  // An unfinished run may still need another input, so each has a name of its own.
  const file = inputFileOf(folder, await digestOfFile(incoming));
  renameSync(incoming, file);
  return file;
}

/** Removes saved standard inputs, except the one that an unfinished run still needs. */
export function removeInput(folder: string, restart: boolean): void {
  const { input = '', finishedAt } = readJournal(folder, restart)?.state ?? {};
  const kept = finishedAt === undefined ? inputFileOf(folder, input) : undefined;
  for (const name of readdirSync(folder)) {
    if (name.startsWith('standard-input-') && join(folder, name) !== kept) {
      rmSync(join(folder, name));
    }
  }
}

/** The function that makes the outputs. Throws CliError if it cannot be called like this. */
function readFunction(values: BackfillValues, { env }: Io, { settings }: Connection) {
  if (values.via !== 'function' || values.rule !== undefined) {
    throw new CliError('--via: expected "function", whose rules are its own: leave --rule out.');
  }
  if (values.rate !== undefined) {
    throw new CliError('--rate: the function goes as fast as its instances and CONCURRENCY let it.');
  }
  const ofAccount = env.AccountID && `https://${env.AccountID}.${settings.region}.fc.aliyuncs.com`;
  const ofStack = values.local ? settings.endpoint : undefined;
  const endpoint = values['fc-endpoint'] ?? ofStack ?? ofAccount;
  if (endpoint === undefined || !URL.canParse(endpoint)) {
    throw new CliError(`--fc-endpoint: expected a URL (or AccountID in .env), received "${endpoint}".`);
  }
  return { endpoint: new URL(endpoint), functionName: values.function };
}

/** The whole rule set, or only the rule of this name. Throws CliError if there is no such rule. */
export function selectRule(ruleSet: RuleSet, name: string | undefined): RuleSet {
  const rules = ruleSet.rules.filter((rule) => name === undefined || rule.name === name);
  if (name !== undefined && rules.length === 0) {
    const names = ruleSet.rules.map((rule) => rule.name);
    throw new CliError(`--rule: no rule has the name "${name}"${didYouMean(name, names)}.`);
  }
  return { ...ruleSet, rules };
}

export function readWithin(urls: readonly string[]): BucketPrefix[] {
  return urls.map((url) => {
    const place = splitObjectUrl(url);
    if (place === undefined || place.key.includes('*')) {
      throw notAs("oss://bucket/prefix/ (the rules' globs say what to take)", url);
    }
    return { bucket: place.bucket, prefix: place.key };
  });
}

/** The buckets of rules that name none. Throws CliError if such a rule has no bucket to look in. */
export function defaultBuckets(
  rules: readonly Rule[],
  bucket: string | undefined,
  within: readonly BucketPrefix[],
): string[] {
  const named = within.map((place) => place.bucket);
  const buckets = bucket === undefined ? [...new Set(named)] : [parseBucket(bucket)];
  const everywhere = rules.find(({ match }) => match.buckets.length === 0);
  if (everywhere !== undefined && buckets.length === 0) {
    throw new CliError(`rule "${everywhere.name}" takes objects of any bucket: name one with --bucket.`);
  }
  return buckets;
}

function parseTime(option: string, text: string | undefined): number | undefined {
  // Without an offset, a time would be in this machine's time zone.
  const time = text === undefined ? undefined : readTime(/^[\d-]{10}$/.test(text) ? `${text}T00:00Z` : text);
  if (text !== undefined && time === undefined) {
    throw new CliError(
      `--${option}: expected a date such as 2026-01-31 (UTC) or 2026-01-31T18:00Z, received "${text}".`,
    );
  }
  return time === undefined ? undefined : Date.parse(time);
}

/** The part of the region's quota that a backfill may use: a share of it, or a rate of calls. */
function readQuota({ share, rate }: BackfillValues, region: string): Quota {
  const { callsPerSecond, bytesPerSecond } = quotaOf(region);
  const isShare = (value: number) => value > 0 && value <= 1;
  const usual = parseNumber('share', share, 'a number above 0 and up to 1', isShare);
  const factor = rate === undefined ? usual : parsePositive('rate', rate) / callsPerSecond;
  return { callsPerSecond: callsPerSecond * factor, bytesPerSecond: bytesPerSecond * factor };
}

export function parsePositive(option: string, text: string): number {
  return parseNumber(option, text, 'a number above 0', (value) => value > 0);
}
