import { Readable } from 'node:stream';
import type { Io } from '../../src/cli/command.ts';
import { main } from '../../src/cli/main.ts';

export interface Ended {
  exitCode: number;
  out: string;
  err: string;
}

/** The surroundings of a command under test, with what it wrote so far. */
export function createIo(
  env: Io['env'] = {},
  {
    isTerminal = false,
    input = '',
  }: { isTerminal?: boolean; input?: string | Uint8Array | Io['input'] } = {},
): { io: Io; written: { out: string; err: string }; stop: AbortController } {
  const written = { out: '', err: '' };
  const stop = new AbortController();
  const io: Io = {
    out: (content) => {
      written.out += typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
    },
    err: (text) => {
      written.err += text;
    },
    input:
      typeof input === 'string' || input instanceof Uint8Array ? Readable.from([Buffer.from(input)]) : input,
    env,
    isTerminal,
    paint: (_, text) => text,
    stop: stop.signal,
  };
  return { io, written, stop };
}

/** Runs one command line in this process, in an environment of its own. */
export async function runCommand(
  args: readonly string[],
  env: Io['env'] = {},
  options: Parameters<typeof createIo>[1] = {},
): Promise<Ended> {
  const { io, written } = createIo(env, options);
  const exitCode = await main(args, io);
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
