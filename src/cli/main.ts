import { formatCommands, formatUsage, parseOptions } from './args.ts';
import { build } from './build.ts';
import { check } from './check.ts';
import { CliError, type Io } from './command.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { generate } from './generate.ts';
import { invoke } from './invoke.ts';
import { local } from './local.ts';
import { run } from './run.ts';

const commands = [build, check, explain, generate, local, demo, run, invoke, doctor];

/** Runs one command line and resolves to the exit code: 0 done, 1 failed, 2 not understood. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name = '', ...rest] = args;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const isHelp = ['', 'help', '--help', '-h'].includes(name);
    if (!isHelp) {
      io.err(`oss-saveas: no command "${name}".\n\n`);
    }
    (isHelp ? io.out : io.err)(formatCommands(commands));
    return isHelp ? 0 : 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(formatUsage(command));
    return 0;
  }
  try {
    const { values, positionals } = parseOptions(command, rest);
    return await command.run(values, io, positionals);
  } catch (error) {
    if (!(error instanceof Error)) {
      throw error;
    }
    io.err(`oss-saveas ${name}: ${error.message}\n`);
    return error instanceof CliError ? 2 : 1;
  }
}
