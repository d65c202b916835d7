import { parseArgs } from 'node:util';
import { didYouMean } from '../did-you-mean.ts';
import { CliError, type Command, type Values } from './command.ts';
import { type CommandName, summaries } from './commands.ts';
import { formatTable } from './terminal.ts';

/**
 * Parses the arguments after a command's name by that command's options; `help` is true if it was asked for.
 * A mistake is reported in two lines, because the whole usage would push them off the screen.
 */
export function parseOptions(
  name: CommandName,
  { options, positionals: operand }: Command,
  args: string[],
): { values: Values; positionals: readonly string[] } {
  const expected = Object.fromEntries(
    Object.entries(options).map(([option, { value, default: preset }]) => [
      option,
      value === undefined
        ? { type: 'boolean' as const, default: false }
        : { type: 'string' as const, default: preset },
    ]),
  );
  try {
    const help = { type: 'boolean' as const, short: 'h' };
    // Scripts for earlier versions still use this name.
    const renamed = args.map((arg) => arg.replace(/^--s-yaml(?==|$)/, '--template'));
    const config = { args: renamed, options: { ...expected, help }, allowPositionals: true };
    const parsed = parseArgs({ ...config, tokens: true });
    const { positionals, tokens } = parsed;
    const surplus = operand?.many ? undefined : positionals[operand === undefined ? 0 : 1];
    if (surplus !== undefined) {
      throw new Error(`Unexpected argument '${surplus}'`);
    }
    const values: Values = parsed.values;
    const empty = Object.keys(options).find((option) => values[option] === '');
    if (empty !== undefined) {
      throw new Error(`--${empty}: expected a value`);
    }
    const names = tokens.flatMap((token) => (token.kind === 'option' ? token.name : []));
    const repeated = names.find((name, i) => names.indexOf(name) < i);
    if (repeated !== undefined) {
      throw new Error(`--${repeated} is given more than once`);
    }
    return { values, positionals };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\.\s/)[0] ?? '') : String(error);
    const unknown = /^Unknown option '--(.*)'/.exec(reason)?.[1];
    const hint = unknown === undefined ? '' : didYouMean(unknown, Object.keys(options));
    throw new CliError(`${reason}${hint}.\n"npx oss-saveas help ${name}" lists its options.`);
  }
}

/** Says how to call a command, with a row for each option. */
export function formatUsage(name: CommandName, { options, positionals }: Command): string {
  const rows = Object.entries(options).map(([option, { value, summary, default: preset }]) => [
    `  --${option}${value === undefined ? '' : ` <${value}>`}`,
    `${summary}${preset === undefined ? '' : ` (default ${preset})`}`,
  ]);
  let usage = `Usage: oss-saveas ${name} [options]`;
  if (positionals) {
    const operand = `<${positionals.name}>`;
    usage += ` [${operand}${positionals.many ? '…' : ''}]`;
    rows.unshift([`  ${operand}`, positionals.summary]);
  }
  return `${formatTable([[summaries[name]]])}\n${usage}\n\n${formatTable(rows)}`;
}

export function formatCommands(): string {
  const rows = Object.entries(summaries).map(([name, summary]) => [`  ${name}`, summary]);
  return `Every object uploaded to OSS gets its derivatives.

Usage: oss-saveas <command> [options]

${formatTable(rows)}
oss-saveas help <command> explains one; oss-saveas --version prints the version.
`;
}
