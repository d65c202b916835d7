import type { Io } from '../../src/cli/command.ts';
import { main } from '../../src/cli/main.ts';

export interface Ended {
  exitCode: number;
  out: string;
  err: string;
}

/** Runs one command line in this process, in an environment of its own. */
export async function runCommand(
  args: readonly string[],
  env: Io['env'] = {},
  isTerminal = false,
): Promise<Ended> {
  const written = { out: '', err: '' };
  const exitCode = await main(args, {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    env,
    isTerminal,
    stop: new AbortController().signal,
  });
  return { exitCode, ...written };
}

/** The environment of a person who works with a local OSS. */
export function localEnvironment(port: number) {
  return {
    OSS_REGION: 'cn-hangzhou',
    OSS_ENDPOINT: `http://127.0.0.1:${port}`,
    OSS_ACCESS_KEY_ID: 'local',
    OSS_ACCESS_KEY_SECRET: 'local-secret',
  };
}
