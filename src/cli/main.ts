import packageJson from '../../package.json' with { type: 'json' };
import { didYouMean } from '../did-you-mean.ts';
import { printable } from '../printable.ts';
import { formatCommands, formatUsage, parseOptions } from './args.ts';
import { CliError, type Command, type Io, stopped } from './command.ts';
import { commands } from './commands.ts';

/** Ended by Ctrl-C, as shells count it. */
const interrupted = 130;

/** Runs one command line and resolves to the exit code: 0 done, 1 failed, 2 not understood, 130 ended by Ctrl-C. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [first = 'help', ...rest] = args;
  if (['--version', '-v', 'version'].includes(first)) {
    io.out(`${packageJson.version}\n`);
    return 0;
  }
  const isHelp = ['help', '--help', '-h'].includes(first);
  const name = isHelp ? rest[0] : first;
  if (name === undefined) {
    io.out(await formatCommands());
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const hint = didYouMean(name, Object.keys(commands));
    io.err(`oss-saveas: no command "${printable(name)}"${hint}.\n\n${await formatCommands()}`);
    return 2;
  }
  return runCommand(name, load, isHelp ? ['--help'] : rest, io);
}

async function runCommand(
  name: string,
  load: () => Promise<Command>,
  args: string[],
  io: Io,
): Promise<number> {
  try {
    const command = await load();
    const { values, positionals } = parseOptions(name, command, args);
    if (values.help) {
      io.out(formatUsage(name, command));
      return 0;
    }
    const { heedsStop } = command;
    const isHeeded = typeof heedsStop === 'function' ? heedsStop(values) : heedsStop;
    const ending = command.run(values, io, positionals);
    const exitCode = await (isHeeded ? ending : Promise.race([ending, stopped(io.stop)]));
    return io.stop.aborted ? interrupted : (exitCode ?? interrupted);
  } catch (error) {
    if (io.stop.aborted) {
      return interrupted;
    }
    if (!(error instanceof Error)) {
      throw error;
    }
    io.err(`oss-saveas ${name}: ${error.message.split('\n').map(printable).join('\n')}\n`);
    return error instanceof CliError ? 2 : 1;
  }
}
