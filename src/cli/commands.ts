import type { Command } from './command.ts';

/** A sentence for each command, in the order in which they are listed. */
export const summaries = {
  init: 'Writes a project of your own (rules.yaml, s.yaml, package.json, .gitignore), overwriting nothing.',
  build: 'Checks and compiles the rules, and writes them and the function into the folder to deploy.',
  check: 'Proves the rules free of loops, and checks styles, targets and triggers; needs no network.',
  explain: 'Shows what the rules would make of an object, or why they do not take it; needs no network.',
  generate:
    'Prints what a deployment of the rules needs: policies, the narrowest trigger, the EventBridge pattern.',
  local: 'Runs an OSS on this machine with the function attached to it.',
  demo: 'Runs the whole loop once, on sample pictures and a local OSS, and shows the results.',
  run: 'Processes objects now, with the rules or with a style of your own.',
  backfill: 'Makes the outputs of objects already in the bucket: a dry run first, then, if you agree, all.',
  orphans: 'Lists outputs whose source is gone, and deletes them if you say so.',
  import: "Makes rules from aws-lambda-image's config.json, or from the parameters of Resize Images.",
  invoke: 'Invokes the function of the running local stack and prints its report.',
  ls: 'Lists the objects of a bucket, or those below a prefix.',
  get: 'Saves an object as a new file.',
  doctor: 'Checks a real deployment: OSS, rules, style, role and trigger.',
  cost: 'Shows what a month of uploads costs at the known list prices, each with its source.',
};

export type CommandName = keyof typeof summaries;

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(summaries, name);
}

/** Loads a command when it is called, because some need large libraries. */
export const loaders: Readonly<Record<CommandName, () => Promise<Command>>> = {
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
