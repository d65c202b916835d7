import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

/** A way to run a process within the bounds that Function Compute sets one. */
interface Container {
  /** How the bounds are kept, for the figures' names. */
  method: string;
  spawn: typeof spawnPlain;
  close(): void;
}

type Env = Record<string, string | undefined>;

const periodMs = 100;

/** Starts Node on `args`; result on descriptor 3, log on a pipe as on Function Compute. */
export function spawnPlain(args: string[], env: Env): ChildProcess {
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
}

/**
 * Part of one processor, by the kernel's own bandwidth control where this process may use it (root, or a delegated
 * group), since that is how containers are held to it; else the process is stopped and continued in the same rhythm.
 */
export function withProcessorShare(share: number): Container {
  const [quotaUs, periodUs] = [share * periodMs * 1000, periodMs * 1000];
  const group =
    createGroup('cgroup v2', '/sys/fs/cgroup', { 'cpu.max': `${quotaUs} ${periodUs}` }) ??
    createGroup('cgroup v1', '/sys/fs/cgroup/cpu', {
      'cpu.cfs_period_us': `${periodUs}`,
      'cpu.cfs_quota_us': `${quotaUs}`,
    });
  const method = 'SIGSTOP/SIGCONT (no writable cgroup)';
  return group ?? { method, spawn: (args, env) => spawnStopped(share, args, env), close: () => {} };
}

/** So much memory, which V8 sizes its heap by; without a group of its own the process has all of the machine's. */
export function withMemory(megabytes: number): Container {
  const bytes = String(megabytes * 1024 * 1024);
  const group =
    createGroup(`${megabytes} MB by cgroup v2`, '/sys/fs/cgroup', { 'memory.max': bytes }) ??
    createGroup(`${megabytes} MB by cgroup v1`, '/sys/fs/cgroup/memory', { 'memory.limit_in_bytes': bytes });
  return group ?? { method: 'no limit (no writable cgroup)', spawn: spawnPlain, close: () => {} };
}

function createGroup(method: string, root: string, limits: Record<string, string>): Container | undefined {
  const group = `${root}/oss-saveas-bench-${process.pid}`;
  try {
    mkdirSync(group);
  } catch {
    return undefined;
  }
  const close = () => rmdirSync(group);
  try {
    // Only a control group comes with these files: nothing may be created where there is none.
    for (const [file, limit] of Object.entries(limits)) {
      writeFileSync(`${group}/${file}`, limit, { flag: 'r+' });
    }
    return { method, spawn: (args, env) => spawnInGroup(group, args, env), close };
  } catch {
    close();
    return undefined;
  }
}

function spawnInGroup(group: string, args: string[], env: Env): ChildProcess {
  const script = `echo $$ > ${group}/cgroup.procs && exec "$0" "$@"`;
  return spawn('sh', ['-c', script, process.execPath, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
}

function spawnStopped(share: number, args: string[], env: Env): ChildProcess {
  const child = spawnPlain(args, env);
  const pause = () => {
    child.kill('SIGSTOP');
    timer = setTimeout(resume, periodMs * (1 - share));
  };
  const resume = () => {
    child.kill('SIGCONT');
    timer = setTimeout(pause, periodMs * share);
  };
  let timer = setTimeout(pause, periodMs * share);
  child.on('exit', () => clearTimeout(timer));
  return child;
}
