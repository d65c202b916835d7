import { parseArgs } from 'node:util';
import { didYouMean } from '../did-you-mean.ts';
import { CliError, type Command, type Values } from './command.ts';
import { commands } from './commands.ts';
import { formatTable } from './terminal.ts';

/** Parses the arguments behind the command's name by the command's own table; `help` is true where it was asked for. */
export function parseOptions(
  name: string,
  command: Command,
  args: string[],
): { values: Values; positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value, default: preset }]) => [
      name,
      value === undefined ? { type: 'boolean' as const } : { type: 'string' as const, default: preset },
    ]),
  );
  try {
    const help = { type: 'boolean' as const, short: 'h' };
    const { values, positionals } = parseArgs({
      args,
      options: { ...options, help },
      allowPositionals: true,
    });
    const { many = false } = command.positionals ?? {};
    const surplus = positionals[command.positionals === undefined ? 0 : 1];
    if (surplus !== undefined && !many) {
      throw new Error(`Unexpected argument '${surplus}'`);
    }
    return { values, positionals };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    const unknown = /^Unknown option '--(.*)'/.exec(reason)?.[1];
    const hint = unknown === undefined ? '' : didYouMean(unknown, Object.keys(command.options));
    throw new CliError(`${reason}${hint}.\n\n${formatUsage(name, command)}`);
  }
}

/** Tells what the command does and how it is called, with a row for each option. */
export function formatUsage(name: string, { summary, options, positionals }: Command): string {
  const operand = positionals && `<${positionals.name}>`;
  const rows = Object.entries(options).map(([option, { value, summary: text, default: preset }]) => [
    `  --${option}${value === undefined ? '' : ` <${value}>`}`,
    `${text}${preset === undefined ? '' : ` (default ${preset})`}`,
  ]);
  if (positionals) {
    rows.unshift([`  ${operand}`, positionals.summary]);
  }
  const usage = [
    `Usage: oss-saveas ${name}`,
    ...(rows.length > 0 ? ['[options]'] : []),
    ...(operand ? [`[${operand}${positionals?.many ? '…' : ''}]`] : []),
  ];
  return `${summary}\n\n${usage.join(' ')}\n\n${formatTable(rows)}`;
}

/** The usage text of `oss-saveas` itself. */
export async function formatCommands(): Promise<string> {
  const loaded = Object.entries(commands).map(async ([name, load]) => [`  ${name}`, (await load()).summary]);
  const rows = await Promise.all(loaded);
  return `Every object uploaded to OSS gets its derivatives.

Usage: oss-saveas <command> [options]

${formatTable(rows)}
oss-saveas help <command> tells more of one; oss-saveas --version says which this is.
`;
}
