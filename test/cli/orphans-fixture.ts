import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import type { Route } from '../../src/local/oss/http/routes.ts';
import type { LocalOssOptions } from '../../src/local/oss/server.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { createIo, localEnvironment } from './terminal.ts';

const rulesText = `rules:
  - name: small
    match: { key: "uploads/**/*.jpg", bucket: photos, size: { min: 1000 } }
    outputs:
      - style: image/resize,w_{w}
        vary: { w: [100, 200] }
        target: { key: "small/{dir}/{base}-{w}.webp" }
  - name: big
    match: { key: "uploads/**/*.{jpg,png}", bucket: photos }
    outputs:
      - style: image/resize,w_900
        target: { key: "big/{name}.webp" }
`;

/** One source that is there with its outputs, and the outputs of another one that is gone. */
export const some = [
  'uploads/a.jpg',
  ...['a.jpg-100', 'a.jpg-200', 'gone.jpg-100', 'gone.jpg-200'].map((name) => `small/uploads/${name}.webp`),
  ...['big/a.webp', 'big/gone.webp', 'big/logo.svg', 'other/gone.webp'],
];

interface Options extends Partial<LocalOssOptions> {
  rules?: string;
}

/** A local OSS with objects that have been there for long, and rules. */
export async function startWith(
  keys: readonly string[],
  { rules: text = rulesText, ...options }: Options = {},
) {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  let onDelete = () => {};
  const noteDelete: Route = ({ method }) => {
    if (method === 'DELETE') {
      onDelete();
    }
    return undefined;
  };
  const common = { buckets: ['photos', 'films'], now: () => nowMs, routes: [noteDelete] };
  const oss = await startOss({ ...common, ...options });
  const put = (name: string, timeMs = nowMs) => {
    const [bucket = '', ...path] = name.split('/');
    return oss.call({ method: 'PUT', bucket, key: path.join('/'), body: 'x', timeMs });
  };
  for (const name of keys) {
    await put(name.startsWith('films/') ? name : `photos/${name}`);
  }
  nowMs = Date.now();
  const dir = await temporaryDir();
  const rules = join(dir, 'rules.yaml');
  await writeFile(rules, text);
  const begin = (args: string[], confirm?: (question: string) => Promise<boolean>) => {
    const { io, written, stop } = createIo(localEnvironment(oss.port));
    const rate = args.includes('--rate') ? [] : ['--rate', '1000'];
    const ending = main(['orphans', '--rules', rules, ...rate, ...args], { ...io, confirm });
    return { stop, ended: ending.then((exitCode) => ({ exitCode, ...written })) };
  };
  const run = (...args: Parameters<typeof begin>) => begin(...args).ended;
  /** Runs a command, and presses Ctrl-C when so many objects are being deleted. */
  const stopAfter = (count: number, args: string[]) => {
    const { stop, ended } = begin(args);
    let deletions = 0;
    onDelete = () => {
      deletions += 1;
      if (deletions === count) {
        stop.abort();
      }
    };
    return ended;
  };
  const stored = async (bucket = 'photos') => {
    const query = { 'list-type': '2', 'max-keys': '1000' };
    const { text: listing } = await oss.call({ method: 'GET', bucket, query });
    return [...listing.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  };
  return { oss, dir, put, run, stopAfter, stored };
}
