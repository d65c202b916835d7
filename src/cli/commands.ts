import type { Command } from './command.ts';

/** The commands by name, as they are listed. Each is loaded when it is called: some bring large libraries. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./init.ts')).init,
  build: async () => (await import('./build.ts')).build,
  check: async () => (await import('./check.ts')).check,
  explain: async () => (await import('./explain.ts')).explain,
  generate: async () => (await import('./generate.ts')).generate,
  local: async () => (await import('./local.ts')).local,
  demo: async () => (await import('./demo.ts')).demo,
  run: async () => (await import('./run.ts')).run,
  backfill: async () => (await import('./backfill.ts')).backfill,
  orphans: async () => (await import('./orphans.ts')).orphans,
  import: async () => (await import('./import.ts')).importCommand,
  invoke: async () => (await import('./invoke.ts')).invoke,
  ls: async () => (await import('./objects.ts')).ls,
  get: async () => (await import('./objects.ts')).get,
  doctor: async () => (await import('./doctor.ts')).doctor,
  cost: async () => (await import('./cost.ts')).cost,
};
