import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { stringify } from 'yaml';
import type { Diagnostic } from '../../src/check/diagnostic.ts';
import { runCommand } from './terminal.ts';

/** Gives each test a project folder of its own, with functions that check rules and resources in it. */
export function useProject() {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'check-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const pathOf = (name: string) => join(dir, name);

  async function checkResources(rules: object[], resources?: object, ...args: string[]) {
    const file = pathOf('rules.yaml');
    await writeFile(file, stringify({ rules }));
    if (resources !== undefined) {
      await writeFile(pathOf('s.yaml'), stringify({ resources }));
    }
    const text = await runCommand(['check', '--rules', file, ...args]);
    const { out } = await runCommand(['check', '--rules', file, '--json']);
    const { diagnostics }: { diagnostics: Diagnostic[] } = JSON.parse(out);
    const loud = diagnostics.filter(({ severity }) => severity !== 'note');
    return { ...text, diagnostics, codes: loud.map(({ severity, code }) => `${severity} ${code}`) };
  }

  async function check(rules: object[], triggers?: object[], ...args: string[]) {
    const props = { region: 'cn-hangzhou', role: 'acs:ram::1:role/f', triggers };
    return checkResources(rules, triggers && { f: { component: 'fc3', props } }, ...args);
  }

  return { pathOf, check, checkResources };
}

export const rule = (match: object, target: object, style = 'image/resize,w_100', name = 'thumbnail') => ({
  name,
  match,
  outputs: [{ style, target }],
});

export const uploads = rule(
  { key: 'uploads/**/*.jpg' },
  { key: 'derived/{key}.webp' },
  'image/resize,w_100/format,webp',
);

export const creationEvents = ['PutObject', 'PostObject', 'CompleteMultipartUpload', 'CopyObject'].map(
  (name) => `oss:ObjectCreated:${name}`,
);

/** A native trigger as it should be, changed. */
export const trigger = (change: object = {}, config: object = {}) => ({
  triggerName: 'uploads',
  triggerType: 'oss',
  sourceArn: 'acs:oss:cn-hangzhou:1:photos',
  invocationRole: 'acs:ram::1:role/aliyunosseventnotificationrole',
  triggerConfig: {
    events: creationEvents,
    filter: { key: { prefix: 'uploads/', suffix: '.jpg' } },
    ...config,
  },
  ...change,
});

export const uploadsTrigger = (name: string, prefix: string, suffix = '') =>
  trigger({ triggerName: name }, { filter: { key: { prefix, suffix } } });

/** The resources of a template that deploys another function beside ours. */
export const withOther = (other: object, ...ours: object[]) => ({
  video: { props: { code: './video', functionName: 'video', role: 'r', triggers: [other] } },
  pictures: { props: { code: './dist', functionName: 'pictures', role: 'r', triggers: ours } },
});
