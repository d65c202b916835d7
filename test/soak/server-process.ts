import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

export interface Memory {
  /** After a garbage collection. */
  heldBytes: number;
  rssBytes: number;
}

export interface ServerProcess {
  readonly port: number;
  /** Starts at 0, grows with each kill: a request that fails within one generation was not killed. */
  readonly generation: number;
  /** The server's warnings and errors, in all generations. */
  readonly complaints: readonly string[];
  /** Resolves while it serves. */
  up(): Promise<unknown>;
  /** SIGKILL, in the middle of whatever it does, and a new start on the same data and port. */
  killAndRestart(): Promise<void>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** Bundles the server and runs it as a process of its own on `dataDir`. */
export async function startServerProcess(dataDir: string): Promise<ServerProcess> {
  // Below the project, so that it finds the project's sharp.
  const outfile = `build/soak-server-${process.pid}.mjs`;
  const entryPoints = ['test/soak/server-program.ts'];
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', packages: 'external', outfile });
  const complaints: string[] = [];
  let generation = 0;
  let port = 0;
  let child: ChildProcess;
  let up = start();

  async function start(): Promise<void> {
    const stdio: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc'];
    child = fork(outfile, [dataDir, String(port)], { execArgv: ['--expose-gc'], stdio });
    child.on('message', (message: { complaint?: string }) => {
      if (message.complaint !== undefined) {
        complaints.push(message.complaint);
      }
    });
    port = (await answerOf<{ port: number }>('port')).port;
  }

  /** The next message with such a field; rejects when the process ends first. */
  function answerOf<T extends object>(field: keyof T): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the server ended with ${code}`));
      const onMessage = (message: T) => {
        if (!(field in message)) {
          return;
        }
        child.off('message', onMessage).off('exit', onExit);
        resolve(message);
      };
      child.on('message', onMessage).once('exit', onExit);
    });
  }

  async function kill(): Promise<void> {
    generation += 1;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await up;
  return {
    get port() {
      return port;
    },
    get generation() {
      return generation;
    },
    complaints,
    up: () => up,
    killAndRestart: () => {
      up = kill().then(start);
      return up;
    },
    memory: () => {
      const answer = answerOf<Memory>('heldBytes');
      child.send('memory');
      return answer;
    },
    stop: async () => {
      await kill();
      await rm(outfile, { force: true });
    },
  };
}
