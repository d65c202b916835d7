/** Everything that a command reads from and writes to; injected, so that tests call commands as functions. */
export interface Io {
  /** Results, for people and pipes. */
  out: (text: string) => void;
  /** Progress and complaints. */
  err: (text: string) => void;
  /** All of the standard input. */
  readInput: () => Promise<Uint8Array>;
  /** Asks the person and resolves to whether they said yes; absent where nobody is there to answer. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Asks the person and resolves to their answer, trimmed; absent where nobody is there to answer. */
  ask?: ((question: string) => Promise<string>) | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Tells whether `err` is a terminal, where a line may be drawn over. */
  isTerminal: boolean;
  /** Colours what goes to `out`, where that is a terminal. */
  paint: (colour: Colour, text: string) => string;
  /** Aborted when the person presses Ctrl-C. */
  stop: AbortSignal;
}

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'gray';

export interface Option {
  /** Name of the value in the usage text; a flag without one is true or false. */
  value?: string | undefined;
  default?: string | undefined;
  summary: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** A command as data; `run` resolves to the exit code. */
export interface Command {
  /** Says in a sentence what it is for. */
  summary: string;
  options: Readonly<Record<string, Option>>;
  /** Arguments that may stand beside the options. */
  positionals?: { name: string; summary: string; many: boolean };
  /** It heeds `stop` and puts things in order; other commands are ended as they are. */
  heedsStop?: true | ((values: Values) => boolean);
  run: (values: Values, io: Io, positionals: readonly string[]) => Promise<number>;
}

/** Resolves when the person presses Ctrl-C, at once where that was before. */
export function stopped(stop: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
    if (stop.aborted) {
      resolve(undefined);
    }
  });
}

/** A mistake of the person's: exit code 2. */
export class CliError extends Error {
  override name = 'CliError';
}

/** The text of an option that has a default or has to be given. */
export function requiredText(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') {
    throw new CliError(`--${name}: expected a value.`);
  }
  return value;
}

/** The text of an option that may be left out. */
export function optionalText(values: Values, name: string): string | undefined {
  return values[name] === undefined ? undefined : requiredText(values, name);
}
