import { once } from 'node:events';

/** Everything that a command reads from and writes to; injected, so that tests call commands as functions. */
export interface Io {
  /** Results, for people and pipes. */
  out: (content: string | Uint8Array) => void;
  /** Progress and complaints. */
  err: (text: string) => void;
  /** The standard input, which can be read once. */
  input: AsyncIterable<Uint8Array>;
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

export type Options = Readonly<Record<string, Option>>;

/** The values of options that are not known by name. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** The values of options as a command reads them: flags, and texts, which may be absent without a default. */
export type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { value: string }
    ? string | (O[Name] extends { default: string } ? never : undefined)
    : boolean;
};

/** A command as data; `run` is handed the values of its options, and resolves to the exit code. */
export interface Command<V = Values> {
  options: Options;
  /** Arguments that may stand beside the options. */
  positionals?: { name: string; summary: string; many: boolean };
  /** Whether it heeds `stop` and puts things in order; other commands are ended as they are. */
  heedsStop?: boolean;
  run(values: V, io: Io, positionals: readonly string[]): Promise<number>;
}

/** Has TypeScript tell from the options of a command which values it is handed. */
export function defineCommand<const O extends Options>(
  command: Command<ValuesOf<O>> & { options: O },
): Command {
  return command;
}

/** Resolves when the person presses Ctrl-C, at once where that was before. */
export async function stopped(stop: AbortSignal): Promise<undefined> {
  if (!stop.aborted) {
    await once(stop, 'abort');
  }
}

/** Resolves to the result of `work`; rejects at once on Ctrl-C, whatever becomes of the work. */
export function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  return Promise.race([work, stopped(stop).then(() => Promise.reject(stop.reason))]);
}

/** A mistake of the person's: exit code 2. */
export class CliError extends Error {
  override name = 'CliError';
}
