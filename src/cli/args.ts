import { parseArgs } from 'node:util';
import { CliError, type Command, type Values } from './command.ts';

/** Parses what stands behind the command's name, against the command's own table. */
export function parseOptions(
  command: Command,
  args: string[],
): { values: Values; positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, option]) => [
      name,
      option.value === undefined
        ? { type: 'boolean' as const }
        : { type: 'string' as const, ...(option.default !== undefined && { default: option.default }) },
    ]),
  );
  try {
    const allowPositionals = command.positionals !== undefined;
    const { values, positionals } = parseArgs({ args, options, strict: true, allowPositionals });
    if (positionals.length > 1 && command.positionals?.many === false) {
      throw new Error(`Unexpected argument '${positionals[1]}'`);
    }
    return { values, positionals };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new CliError(`${reason}.\n\n${formatUsage(command)}`);
  }
}

/** `oss-saveas local [--port <number>] …` with a line for each option. */
export function formatUsage(command: Command): string {
  const rows = Object.entries(command.options).map(([name, { value, summary, default: preset }]) => {
    const left = `  --${name}${value === undefined ? '' : ` <${value}>`}`;
    return `${left.padEnd(29)} ${summary}${preset === undefined ? '' : ` (default ${preset})`}`;
  });
  const { positionals } = command;
  if (positionals !== undefined) {
    rows.unshift(`${`  <${positionals.name}>`.padEnd(29)} ${positionals.summary}`);
  }
  const operand = positionals === undefined ? '' : ` [<${positionals.name}>${positionals.many ? '…' : ''}]`;
  const options = rows.length === 0 ? '' : ` [options]${operand}\n\n${rows.join('\n')}`;
  return `${command.summary}\n\nUsage: oss-saveas ${command.name}${options}\n`;
}

export function formatCommands(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return `Every object uploaded to OSS gets its derivatives.\n\nUsage: oss-saveas <command> [options]\n\n${rows.join('\n')}\n`;
}
