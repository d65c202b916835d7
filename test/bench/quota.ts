import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

/** A way to give a process only part of one processor. */
export interface Quota {
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
 * The kernel's own bandwidth control where this process may use it (root, or a delegated group), since that is how
 * containers are held to a share of a processor; else the process is stopped and continued in the same rhythm.
 */
export function createQuota(share: number): Quota {
  const [quotaUs, periodUs] = [share * periodMs * 1000, periodMs * 1000];
  const groups = [
    { method: 'cgroup v2', root: '/sys/fs/cgroup', limits: { 'cpu.max': `${quotaUs} ${periodUs}` } },
    {
      method: 'cgroup v1',
      root: '/sys/fs/cgroup/cpu',
      limits: { 'cpu.cfs_period_us': `${periodUs}`, 'cpu.cfs_quota_us': `${quotaUs}` },
    },
  ];
  for (const { method, root, limits } of groups) {
    const group = `${root}/oss-saveas-bench-${process.pid}`;
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const close = () => rmdirSync(group);
    try {
      // Only a control group comes with these files: nothing may be created where there is none.
      for (const [file, limit] of Object.entries(limits))
        writeFileSync(`${group}/${file}`, limit, { flag: 'r+' });
      return { method, spawn: (args, env) => spawnInGroup(group, args, env), close };
    } catch {
      close();
    }
  }
  const method = 'SIGSTOP/SIGCONT (no writable cgroup)';
  return { method, spawn: (args, env) => spawnStopped(share, args, env), close: () => {} };
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
