import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { creationEvents } from '../../src/check/triggers.ts';
import type { Finding } from '../../src/cli/finding.ts';
import { startOss, temporaryDir } from '../local/oss/running-oss.ts';
import { localEnvironment, runCommand } from './terminal.ts';

export const trigger = {
  triggerName: 'oss-upload',
  triggerType: 'oss',
  sourceArn: 'acs:oss:cn-hangzhou:1234567890123456:photos',
  triggerConfig: JSON.stringify({
    events: creationEvents,
    filter: { key: { prefix: 'uploads/', suffix: '' } },
  }),
};

export const policy = (...targets: string[]) => ({
  Version: '1',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['oss:GetObject', 'oss:PostProcessTask'],
      Resource: ['acs:oss:*:*:photos', 'acs:oss:*:*:photos/uploads/*'],
    },
    {
      Effect: 'Allow',
      Action: 'oss:Put*',
      Resource: targets.map((target) => `acs:oss:*:*:photos/${target}`),
    },
  ],
});

export const account = { triggers: [trigger], policy: policy('derived/*', 'marked/*') };

/** An `aliyun` command that answers as the account given would, and writes down what it was asked for. */
async function installAliyun(dir: string, { triggers, policy }: { triggers: object[]; policy: object }) {
  const version = { DefaultPolicyVersion: { PolicyDocument: JSON.stringify(policy) } };
  const answers = {
    'fc GET': { triggers },
    'ram ListPoliciesForRole': { Policies: { Policy: [{ PolicyName: 'oss-saveas', PolicyType: 'Custom' }] } },
    'ram GetPolicy': version,
  };
  const cases = Object.entries(answers)
    .map(([words, answer]) => `"${words}") cat <<'END'\n${JSON.stringify(answer)}\nEND\n;;`)
    .join('\n');
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, 'aliyun'),
    `#!/bin/sh\necho "$1" >> "$0.asked"\ncase "$1 $2" in\n${cases}\nesac\n`,
  );
  await chmod(join(dir, 'aliyun'), 0o755);
}

/** A local OSS, a person and their account, and a function that has the doctor examine them. */
export async function prepare(
  owner: Parameters<typeof installAliyun>[1] | 'unknown' = account,
  options: Parameters<typeof startOss>[0] = {},
) {
  const oss = await startOss(options);
  const home = await temporaryDir();
  if (owner !== 'unknown') {
    await installAliyun(join(home, 'bin'), owner);
  }
  const env = {
    ...localEnvironment(oss.port),
    OSS_BUCKET: 'photos',
    AccountID: '1234567890123456',
    AccessKeyID: 'scratch-key-id',
    AccessKeySecret: 'scratch-key-secret',
    HOME: home,
    serverless_devs_config_home: home,
    serverless_devs_daemon_enable: 'false',
    // No aliyun CLI but ours.
    PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  const examine = async (args: readonly string[] = [], overrides: Record<string, string> = {}) => {
    const { exitCode, out, err } = await runCommand(['doctor', '--json', ...args], { ...env, ...overrides });
    if (out === '') {
      throw new Error(err);
    }
    const findings: Finding[] = JSON.parse(out);
    return { exitCode, findings, of: (check: string) => findings.find((finding) => finding.check === check) };
  };
  return { oss, env, home, examine };
}
