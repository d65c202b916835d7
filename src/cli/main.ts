import { formatCommands, formatUsage, parseOptions } from './args.ts';
import { build } from './build.ts';
import { CliError, type Io } from './command.ts';
import { demo } from './demo.ts';
import { local } from './local.ts';

const commands = [build, local, demo];

/** Runs one command line and resolves to the exit code: 0 done, 1 failed, 2 not understood. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name = '', ...rest] = args;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const isHelp = ['', 'help', '--help', '-h'].includes(name);
    if (!isHelp) io.err(`oss-saveas: no command "${name}".\n\n`);
    (isHelp ? io.out : io.err)(formatCommands(commands));
    return isHelp ? 0 : 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(formatUsage(command));
    return 0;
  }
  try {
    return await command.run(parseOptions(command, rest), io);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    io.err(`oss-saveas ${name}: ${error.message}\n`);
    return error instanceof CliError ? 2 : 1;
  }
}
