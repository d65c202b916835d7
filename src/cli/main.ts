import { setMaxListeners } from 'node:events';
import packageJson from '../../package.json' with { type: 'json' };
import { didYouMean } from '../did-you-mean.ts';
import { pick } from '../json.ts';
import { printable } from '../printable.ts';
import { formatCommands, formatUsage, parseOptions } from './args.ts';
import { CliError, type Io, unlessStopped } from './command.ts';
import { type CommandName, isCommand, loaders, summaries } from './commands.ts';

/** The exit code after Ctrl-C, as in shells. */
const interrupted = 130;

/** Advice by the system's error code. */
const helps: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there. Start the local OSS with "npm start".',
  ENOTFOUND: 'There is no such host: check the spelling of region or endpoint, and whether you are online.',
  ENOSPC: 'The disk is full: make room, then run the same command again.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The server does not speak TLS: begin the endpoint with http://.',
};

/** Runs one command line. Resolves to the exit code: 0 done, 1 failed, 2 not understood, 130 for Ctrl-C. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [first = 'help', ...rest] = args;
  if (['--version', '-v', 'version'].includes(first)) {
    io.out(`${packageJson.version}\n`);
    return 0;
  }
  const isHelp = ['help', '--help', '-h'].includes(first);
  const name = isHelp ? rest[0] : first;
  if (name === undefined) {
    io.out(formatCommands());
    return 0;
  }
  if (!isCommand(name)) {
    const hint = didYouMean(name, Object.keys(summaries));
    io.err(`oss-saveas: no command "${printable(name)}"${hint}.\n"npx oss-saveas help" lists them.\n`);
    return 2;
  }
  return runCommand(name, isHelp ? ['--help'] : rest, io);
}

async function runCommand(name: CommandName, args: string[], io: Io): Promise<number> {
  setMaxListeners(0, io.stop); // Every call that waits for its turn listens.
  try {
    const command = await loaders[name]();
    const { values, positionals } = parseOptions(name, command, args);
    if (values.help) {
      io.out(formatUsage(name, command));
      return 0;
    }
    const ending = command.run(values, io, positionals);
    const exitCode = await (command.handlesStop ? ending : unlessStopped(ending, io.stop));
    return io.stop.aborted ? interrupted : exitCode;
  } catch (error) {
    if (io.stop.aborted) {
      return interrupted;
    }
    if (!(error instanceof Error)) {
      throw error;
    }
    const help = helps[String(pick(error, 'code'))];
    const lines = [...error.message.trimEnd().split('\n'), ...(help === undefined ? [] : [help])];
    io.err(`oss-saveas ${name}: ${lines.map(printable).join('\n')}\n`);
    return error instanceof CliError || error instanceof SyntaxError ? 2 : 1;
  }
}
