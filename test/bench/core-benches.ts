import { createHash, createHmac } from 'node:crypto';
import { parseEvent } from '../../src/events/parse.ts';
import {
  canonicalRequest,
  formatTimestamp,
  scope,
  signedHeaders,
  signingKey,
  stringToSign,
} from '../../src/oss/sign.ts';
import { plan } from '../../src/pipeline/plan.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { ruleSetOf } from '../rules/rule-sets.ts';
import { against, type Figure, figureOf } from './figures.ts';
import type { Bench } from './in-turn.ts';
import { context, event, source } from './sample.ts';

/** Processor time per call in µs, in batches of some 10 ms; the first ones, which also compile, are left out. */
function time(batches: number, call: () => unknown): number[] {
  const batch = (calls: number) => {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) {
      call();
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  let calls = 1;
  while (batch(calls) < 10_000) {
    calls *= 2;
  }
  for (let i = 0; i < 10; i++) {
    batch(calls);
  }
  return Array.from({ length: batches }, () => batch(calls) / calls);
}

/** One V4 header signature, against the SHA-256 and the HMAC without which there is none. */
export const sign: Bench = async () => {
  const body = 'x-oss-process=image/resize,m_lfit,w_320/format,webp|sys/saveas,o_ZGVyaXZlZC9w,b_cGhvdG9z';
  const canonicalUri = `/${source.bucket}/${source.key}`;
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const request = { method: 'POST', canonicalUri, canonicalQuery: 'x-oss-process', headers };
  const { credentials, region } = context;
  const epochMs = Date.now();
  const signer = { credentials, region, epochMs };
  const timestamp = formatTimestamp(epochMs);
  const signingScope = scope(timestamp, region);
  const canonical = canonicalRequest({ ...request, headers: signedHeaders(request, signer) });
  const text = stringToSign(timestamp, signingScope, canonical);
  const key = signingKey(credentials.accessKeySecret, signingScope);
  const hashes = () => {
    createHash('sha256').update(canonical).digest('hex');
    return createHmac('sha256', key).update(text).digest('hex');
  };
  const rounds = Array.from({ length: 20 }, () => [
    time(5, hashes),
    time(5, () => signedHeaders(request, signer)),
  ]);
  const baseline = figureOf(
    'sign',
    'SHA-256 and HMAC alone',
    'µs',
    rounds.flatMap(([a = []]) => a),
  );
  const ours = figureOf(
    'sign',
    'all headers of a request',
    'µs',
    rounds.flatMap(([, b = []]) => b),
  );
  return [baseline, against(ours, baseline, '2.5 x')];
};

const sizes = [1, 10, 1_000, 10_000];

/** Rules of which one takes the sample, be it told apart by folder or only by the end of its name. */
function manyRules(count: number, key: (i: number) => string): RuleSet {
  const outputs = [{ style: 'image/resize,w_320', target: { key: 'derived/{rule}/{name}.webp' } }];
  const rules = Array.from({ length: count }, (_, i) => ({ name: `r${i}`, match: { key: key(i) }, outputs }));
  return ruleSetOf({ rules });
}

/** Planning one event, as the number of rules grows. */
export const planning: Bench = async (_stub, progress) => {
  const records = parseEvent(Buffer.from(JSON.stringify(event)));
  const [record] = records;
  if (record === undefined) {
    return [];
  }
  const kinds: [string, (i: number) => string][] = [
    ['own folder', (i) => (i === 0 ? 'uploads/**/*.{jpg,png}' : `team-${i}/uploads/**/*.{jpg,png}`)],
    ['one folder', (i) => (i === 0 ? 'uploads/**/*.jpg' : `uploads/**/*-${i}.jpg`)],
  ];
  const figures: Figure[] = [];
  for (const [kind, key] of kinds) {
    for (const size of sizes) {
      progress(`${size} rules, ${kind}`);
      const rules = manyRules(size, key);
      const planned = plan(record, rules).filter(({ status }) => status === 'planned').length;
      if (planned !== 1) {
        throw new Error(`${planned} outputs planned, expected 1`);
      }
      const name = `${size.toLocaleString('en')} rules, ${kind}`;
      const figure = figureOf(
        'plan',
        name,
        'µs',
        time(15, () => plan(record, rules)),
      );
      figures.push(size === 1_000 ? { ...figure, target: '100 µs' } : figure);
    }
  }
  return figures;
};
