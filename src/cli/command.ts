import { once } from 'node:events';

/** Everything that a command reads and writes, injected so that tests can call commands as functions. */
export interface Io {
  /** Results, for people and pipes. */
  out: (content: string | Uint8Array) => void;
  /** Progress and complaints. */
  err: (text: string) => void;
  /** The standard input, which can be read once. */
  input: AsyncIterable<Uint8Array>;
  /** Asks the user a yes-no question; absent if nobody is there to answer. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Asks the user and resolves to the trimmed answer; absent if nobody is there to answer. */
  ask?: ((question: string) => Promise<string>) | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Whether `err` is a terminal, where a line can be redrawn. */
  isTerminal: boolean;
  /** Colours text for `out`, if that is a terminal. */
  paint: (colour: Colour, text: string) => string;
  /** Aborted when the user presses Ctrl-C. */
  stop: AbortSignal;
}

export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'gray';

export interface Option {
  /** Name of the value in the usage text; a flag without one is true or false. */
  value?: string | undefined;
  default?: string | undefined;
  summary: string;
}

export type Options = Readonly<Record<string, Option>>;

/** The values of options by any names. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** The values of options as a command reads them: flags, and texts, which may be absent without a default. */
export type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { value: string }
    ? string | (O[Name] extends { default: string } ? never : undefined)
    : boolean;
};

/** A command as data; `run` gets the values of its options, and resolves to the exit code. */
export interface Command<V = Values> {
  options: Options;
  /** Arguments beside the options. */
  positionals?: { name: string; summary: string; many: boolean };
  /** Whether it handles `stop` and cleans up. Other commands are ended at once. */
  handlesStop?: boolean;
  run(values: V, io: Io, positionals: readonly string[]): Promise<number>;
}

/** Lets TypeScript infer from a command's options which values `run` gets. */
export function defineCommand<const O extends Options>(
  command: Command<ValuesOf<O>> & { options: O },
): Command {
  return command;
}

/** Resolves when the user presses Ctrl-C; at once if that has already happened. */
export async function stopped(stop: AbortSignal): Promise<undefined> {
  if (!stop.aborted) {
    await once(stop, 'abort');
  }
}

/** Resolves to the result of `work`; rejects at once on Ctrl-C, without waiting for the work. */
export function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  return Promise.race([work, stopped(stop).then(() => Promise.reject(stop.reason))]);
}

/** A mistake of the user: exit code 2. */
export class CliError extends Error {
  override name = 'CliError';
}
