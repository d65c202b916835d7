import type { StyleAction } from '../../style/parse.ts';
import type { ImageRequest } from './contract.ts';
import { badRequest, invalidValue } from './failures.ts';
import type { Picture } from './picture.ts';

/** Reads one value or throws OSS's error for it. `name` is the parameter's, or the action's for a bare value. */
export interface Parameter<T> {
  read(value: string, name: string): T;
}

type Parameters<V> = { readonly [K in keyof V]: Parameter<V[K]> };

/** Key of an action's bare value (`rotate,90`) in its parameter table. */
export const bare = '';

/** One action with its parameters read and found good; nothing is applied before all of a style's actions are. */
export interface Step {
  /** Whether an animation is still one afterwards. */
  readonly keepsFrames: boolean;
  /** `auto-orient,0`: acts before everything, wherever it stands. */
  readonly refusesOrientation: boolean;
  /** The object it lays on the picture, as its `image_` names it. */
  readonly logo: string | undefined;
  apply(picture: Picture, readObject: ReadObject): Promise<Picture> | Picture;
}

export type ReadObject = ImageRequest['readObject'];

/** A row of the table of actions. */
export type Action = (action: StyleAction) => Step;

interface Definition<V> {
  readonly parameters: Parameters<V>;
  /** EC of the answer when none of the parameters is given, where OSS has one. */
  readonly missing?: string;
  keepsFrames?(values: Partial<V>): boolean;
  refusesOrientation?(values: Partial<V>): boolean;
  logo?(values: Partial<V>): string | undefined;
  /** Checks that involve several values. */
  check?(values: Partial<V>): void;
  apply(picture: Picture, values: Partial<V>, readObject: ReadObject): Promise<Picture> | Picture;
}

export function defineAction<V>(definition: Definition<V>): Action {
  return (action) => {
    const values = readValues(action, definition);
    definition.check?.(values);
    return {
      keepsFrames: definition.keepsFrames?.(values) ?? false,
      refusesOrientation: definition.refusesOrientation?.(values) ?? false,
      logo: definition.logo?.(values),
      apply: (picture, readObject) => definition.apply(picture, values, readObject),
    };
  };
}

/** The parameters of an action. Those it does not know are passed over: OSS answers `crop,…,r_1` with 200 (all its SDKs test it). */
export function readValues<V>(
  action: StyleAction,
  { parameters, missing }: Pick<Definition<V>, 'parameters' | 'missing'>,
): Partial<V> {
  const known = new Map<string, Parameter<unknown>>(Object.entries(parameters));
  const name = action.name.text;
  const given = action.parameters.flatMap(({ key, value }) => {
    const parameter = key?.text === bare ? undefined : known.get(key?.text ?? bare);
    if (parameter === undefined) {
      return [];
    }
    return [{ key: key?.text ?? bare, value: parameter.read(value.text, key?.text ?? name) }];
  });
  if (given.length === 0 && missing !== undefined) {
    throw badRequest('InvalidArgument', `The action ${name} has no value.`, missing);
  }
  if (given.filter(({ key }) => key === bare).length > 1) {
    throw badRequest('InvalidArgument', `The action ${name} takes one value only.`, '0040-00000203');
  }
  // Object.fromEntries forgets which key has which type; each value was read by the parameter of its own key.
  return Object.fromEntries(given.map(({ key, value }) => [key, value])) as Partial<V>;
}

/** For actions whose missing value has no EC that we know. */
export function requireValue({ [bare]: value }: { [bare]?: unknown }): void {
  if (value === undefined) {
    throw badRequest('InvalidArgument', 'The action has no value.');
  }
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number, ec?: string): Parameter<number> {
  return {
    read: (value, name) => {
      const number = Number(value);
      if (!/^-?\d{1,9}$/.test(value) || number < min || number > max) {
        throw invalidValue(value, name, ec);
      }
      return number;
    },
  };
}

export function oneOf<const T extends string>(values: readonly T[], ec?: string): Parameter<T> {
  return {
    read: (value, name) => {
      const found = values.find((candidate) => candidate === value);
      if (found === undefined) {
        throw invalidValue(value, name, ec);
      }
      return found;
    },
  };
}

/** RRGGBB in either case (a live SDK test sends lower case); comes back as `#RRGGBB`. */
export function color(ec?: string): Parameter<string> {
  return {
    read: (value, name) => {
      if (!/^[0-9a-f]{6}$/i.test(value)) {
        throw invalidValue(value, name, ec);
      }
      return `#${value}`;
    },
  };
}

/** UTF-8 text in Base64: URL-safe as documented, and, as live SDK tests show, also standard or padded. */
export function base64Text(ec?: string): Parameter<string> {
  return {
    read: (value) => {
      const bytes = Buffer.from(value, 'base64');
      const wellFormed = /^[\w+/-]*={0,2}$/.test(value) && value.replace(/=+$/, '').length % 4 !== 1;
      const text = bytes.toString('utf8');
      if (!wellFormed || !Buffer.from(text).equals(bytes)) {
        throw badRequest('BadRequest', 'Input is not base64 decoding.', ec);
      }
      return text;
    },
  };
}
