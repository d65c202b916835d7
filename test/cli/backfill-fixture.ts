import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../../src/cli/command.ts';
import { main } from '../../src/cli/main.ts';
import type { FaultPlan } from '../../src/local/oss/faults/plan.ts';
import type { LocalOssOptions } from '../../src/local/oss/server.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { createIo, localEnvironment } from './terminal.ts';

export const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.jpg" }
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [100, 200] }
        target: { key: "small/{yyyy}/{name}-{w}.jpg" }
  - name: big
    match: { key: "uploads/**/*.jpg", size: { min: 1000 } }
    outputs:
      - style: image/resize,w_900
        target: { key: "big/{name}.jpg" }
`;

export interface RunOptions {
  input?: string | Io['input'];
  confirm?: (question: string) => Promise<boolean>;
}

/** A local OSS with objects in it, rules beside a journal, and what was processed. */
export async function startWith(objects: Record<string, string>, options: Partial<LocalOssOptions> = {}) {
  const processed: string[] = [];
  let onProcess = () => {};
  const oss = await startOss({
    processImage: async ({ readSource, style }) => {
      const source = (await readSource()).toString();
      processed.push(`${source} ${style}`);
      onProcess();
      return { body: Buffer.from(`${style}(${source})`), contentType: 'image/jpeg' };
    },
    ...options,
  });
  for (const [key, body] of Object.entries(objects)) {
    await oss.call({ method: 'PUT', bucket: 'photos', key, body });
  }
  const dir = await temporaryDir();
  const rules = join(dir, 'rules.yaml');
  await writeFile(rules, rulesText);
  const begin = (args: string[], { input, confirm }: RunOptions = {}) => {
    const { io, written, stop } = createIo(localEnvironment(oss.port), input === undefined ? {} : { input });
    const usual = Object.entries({ '--rules': rules, '--rate': '1000' });
    const others = usual.filter(([option]) => !args.includes(option)).flat();
    const ending = main(['backfill', ...others, ...args], { ...io, confirm });
    return { stop, ended: ending.then((exitCode) => ({ exitCode, ...written })) };
  };
  /** Runs a backfill, and presses Ctrl-C when so many outputs are being made. */
  const stopAfter = (count: number, args: string[]) => {
    const { stop, ended } = begin(args);
    onProcess = () => {
      if (processed.length === count) {
        stop.abort();
      }
    };
    return ended;
  };
  const run = (args: string[], runOptions: RunOptions = {}) => begin(args, runOptions).ended;
  const keys = async (prefix: string) => {
    const { text } = await oss.call({
      method: 'GET',
      bucket: 'photos',
      query: { 'list-type': '2', prefix, 'max-keys': '1000' },
    });
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  };
  const setFaults = (plan: FaultPlan) =>
    fetch(`${oss.url}/-/faults`, { method: 'PUT', body: JSON.stringify(plan) });
  return { oss, dir, rules, processed, begin, stopAfter, run, keys, setFaults };
}

export const pictures = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`uploads/${String(i).padStart(4, '0')}.jpg`, `p${i}`]),
  );
