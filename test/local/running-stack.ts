import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadRules } from '../../src/cli/project.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../src/local/stack.ts';
import type { StackEvent } from '../../src/local/stack-events.ts';
import { builtInstanceProgram, makeDir } from './fc/fixture.ts';
import { send, signV4 } from './oss/v4-client.ts';

const accessKey = { id: 'local', secret: 'local-secret' };
export const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A function that tells by which rules it runs, so that a stack of it starts at once. */
const tellsRules = `const { rules } = require('./rules.json');
  exports.handler = async () => { console.log('hello'); return rules.map(({ name }) => name); };`;

export const rulesNamed = (name: string, bucket = 'photos') => `rules:
  - name: ${name}
    match: { key: "uploads/**", bucket: ${bucket} }
    outputs:
      - style: image/resize,w_100
        target: { key: "derived/{key}" }
`;

export function makeProject() {
  const dir = makeDir();
  const [bundleDir, rulesFile, dataDir] = [join(dir, 'dist'), join(dir, 'rules.yaml'), join(dir, 'data')];
  mkdirSync(bundleDir);
  writeFileSync(join(bundleDir, 'index.js'), tellsRules);
  writeFileSync(rulesFile, rulesNamed('first'));
  return { bundleDir, rulesFile, dataDir };
}

/** Starts a stack; the test's file builds its instances by `useLocalFunctionCompute`. */
export async function start(options: Partial<LocalStackOptions> = {}, project = makeProject()) {
  const events: StackEvent[] = [];
  const stack = await startLocalStack({
    ...project,
    readRules: async () => (await loadRules(project.rulesFile)).ruleSet,
    port: 0,
    instanceProgram: builtInstanceProgram(),
    accessKey,
    region: 'cn-hangzhou',
    log: silent,
    ...options,
  });
  stack.subscribe((event) => events.push(event));
  onTestFinished(stack.close);
  return { ...stack, ...project, events };
}

export const put = ({ url }: LocalStack, key: string, body = 'x') =>
  send(Number(new URL(url).port), signV4({ method: 'PUT', bucket: 'photos', key, body }));

/** Asks the function of a stack for the names of the rules that it runs by. */
export async function ruleNames({ functionCompute }: LocalStack): Promise<unknown> {
  const result = await functionCompute.invoke(Buffer.from('{}'));
  return result.status === 'succeeded' ? JSON.parse(result.body.toString()) : result.error;
}
