import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { compileRules } from '../../src/compile/compile.ts';
import { createHandler } from '../../src/handler.ts';
import { createAgent } from '../../src/oss/request.ts';
import { createIo, localEnvironment } from '../cli/terminal.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { send, signV4 } from '../local/oss/v4-client.ts';

/** A long run shows more than a short one: the quota lets as many calls through at once as in a second. */
const seconds = Number(process.env.BACKFILL_SECONDS ?? 3);

/** On a machine that other tests keep busy, a short run shows no rate and no delay. */
const isLong = seconds > 10;

const quotas: [string, number][] = [['cn-hangzhou', 50]];
if (isLong) {
  quotas.push(['eu-central-1', 5]);
}

const rulesText = `rules:
  - name: small
    match: { key: "**/*.jpg", exclude: "small/**", bucket: photos }
    outputs: [{ style: "image/resize,w_100", target: { key: "small/{key}" } }]
`;

const credentials = { accessKeyId: 'local', accessKeySecret: 'local-secret' };

it.each(quotas)(
  'a backfill in %s, with a quota of %d calls/s, uses its share for unequal sources and leaves uploads alone',
  async (region, quota) => {
    const callMs = 100;
    const processedAtMs: number[] = [];
    const oss = await startOss({
      region,
      faults: { imageCallsPerSecond: quota },
      processImage: async ({ readSource }) => {
        const source = await readSource();
        if (source.subarray(0, 3).toString() === 'old') {
          processedAtMs.push(performance.now());
        }
        await setTimeout(callMs);
        return { body: source, contentType: 'image/jpeg' };
      },
    });
    const put = (key: string, body = Buffer.from(key)) =>
      send(oss.port, signV4({ method: 'PUT', bucket: 'photos', key, body, region }));
    const count = Math.ceil(quota * 0.8 * seconds);
    for (let number = 0; number < count; number += 1) {
      // The bytes of all of them are just what the quota allows, 400 KB a call.
      await put(`old/${number}.jpg`, Buffer.alloc(number % 2 === 0 ? 790_000 : 10_000, 'old'));
    }
    const dir = await temporaryDir();
    await writeFile(join(dir, 'rules.yaml'), rulesText);
    const upload = createUpload(oss.url, region, put);
    const usualMs = await uploadFor(upload, Math.min(5, seconds), quota * 0.15);

    const { io, written } = createIo({ ...localEnvironment(oss.port), OSS_REGION: region });
    const ending = main(['backfill', '--yes', '--rules', join(dir, 'rules.yaml'), 'oss://photos/old/'], io);
    const meanwhileMs = await uploadFor(upload, seconds * 0.9, quota * 0.15);
    const exitCode = await ending;
    const spanMs = (processedAtMs.at(-1) ?? 0) - (processedAtMs[0] ?? 0);
    const rate = ((count - 1) / spanMs) * 1_000;

    const [, lastShare = '0'] = [...written.err.matchAll(/([\d.]+) % throttled/g)].at(-1) ?? [];
    console.log(
      `quota ${quota}/s: ${rate.toFixed(1)} calls/s of ${(quota * 0.8).toFixed(1)}, ` +
        `${lastShare} % throttled, uploads ${format(usualMs)} before, ${format(meanwhileMs)} meanwhile`,
    );
    expect(exitCode).toBe(0);
    expect(written.out).toContain(`${count.toLocaleString('en')} saved, 0 failed. Finished.`);
    expect(Number(lastShare)).toBeLessThanOrEqual(2);
    if (isLong) {
      expect(rate).toBeGreaterThan(quota * 0.8 * 0.95);
      expect(median(meanwhileMs)).toBeLessThan(median(usualMs) * 1.5 + 50);
    }
  },
  60_000 + seconds * 9_000,
);

/** Uploads an object, and resolves to how long it took until the function had made its output. */
function createUpload(endpoint: string | undefined, region: string, put: (key: string) => Promise<unknown>) {
  const compiled = compileRules(rulesText, 'rules.yaml');
  if (!compiled.ok) {
    throw new Error('the rules are wrong');
  }
  const dispatcher = createAgent();
  onTestFinished(() => dispatcher.close());
  const handle = createHandler({
    settings: { rulesFile: '', endpoint, cname: false, region, concurrency: 2, logLevel: 'error' },
    ruleSet: compiled.ruleSet,
    dispatcher,
    defaultCredentials: async () => credentials,
    write: () => {},
  });
  let number = 0;
  return async () => {
    number += 1;
    const key = `new/${number}.jpg`;
    const startedAt = performance.now();
    await put(key);
    await handle(Buffer.from(JSON.stringify({ bucket: 'photos', key })), undefined);
    return performance.now() - startedAt;
  };
}

/** Uploads at an even rate for so long; resolves to how long each took. */
async function uploadFor(
  upload: () => Promise<number>,
  seconds: number,
  perSecond: number,
): Promise<number[]> {
  const uploads: Promise<number>[] = [];
  for (let number = 0; number < seconds * perSecond; number += 1) {
    uploads.push(upload());
    await setTimeout(1_000 / perSecond);
  }
  return Promise.all(uploads);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const format = (valuesMs: readonly number[]) =>
  `${median(valuesMs).toFixed(0)} ms (at most ${Math.max(...valuesMs).toFixed(0)})`;
