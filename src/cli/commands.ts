import type { Command } from './command.ts';

/** A command by its name, with what it is for; all else is in its own file. */
export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<Command>;
}

/** The commands in the order in which they are listed. Each is loaded when it is called: some bring large libraries. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary:
      'Writes a project of your own (rules.yaml, s.yaml, package.json, .gitignore) and overwrites nothing.',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'build',
    summary:
      'Checks and compiles the rules and puts the function beside them into the folder that is deployed.',
    load: async () => (await import('./build.ts')).build,
  },
  {
    name: 'check',
    summary: 'Proves the rules free of loops, and checks styles, targets and triggers; needs no network.',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'explain',
    summary:
      'Says what would become of an object, which rules take it, and why the others do not; needs no network.',
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'generate',
    summary:
      'Writes what the rules need around them: the least policies, the narrowest trigger, the EventBridge pattern.',
    load: async () => (await import('./generate.ts')).generate,
  },
  {
    name: 'local',
    summary: 'Runs an OSS on this machine with the function attached to it.',
    load: async () => (await import('./local.ts')).local,
  },
  {
    name: 'demo',
    summary: 'Runs the whole loop once, on sample pictures and a local OSS, and shows what came out.',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'run',
    summary: 'Processes objects now, by the rules or by a style of your own.',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'backfill',
    summary:
      'Makes the outputs of objects that are there already: a dry run first, then, if you say so, the calls.',
    load: async () => (await import('./backfill.ts')).backfill,
  },
  {
    name: 'orphans',
    summary: 'Lists outputs whose source is gone, and deletes them if you say so.',
    load: async () => (await import('./orphans.ts')).orphans,
  },
  {
    name: 'import',
    summary:
      "Makes rules of aws-lambda-image's config.json, or of the parameters of Firebase's Resize Images.",
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'invoke',
    summary: 'Invokes the function of the running local stack and prints its report.',
    load: async () => (await import('./invoke.ts')).invoke,
  },
  {
    name: 'ls',
    summary: 'Lists the objects of a bucket, or those below a prefix.',
    load: async () => (await import('./objects.ts')).ls,
  },
  {
    name: 'get',
    summary: 'Saves an object as a file, which may not be there yet.',
    load: async () => (await import('./objects.ts')).get,
  },
  {
    name: 'doctor',
    summary: 'Checks a deployment from here: OSS, rules, style, role and trigger.',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'cost',
    summary: 'Tells what a month of uploads costs by the list prices that are known, each with its source.',
    load: async () => (await import('./cost.ts')).cost,
  },
];
