import type { RunningOss } from './running-oss.ts';

export const object = { bucket: 'photos', key: 'a.txt' };

/** Stores it. */
export const put = (
  oss: RunningOss,
  headers: Record<string, string> = {},
  body = 'hello',
  key = object.key,
) => oss.call({ ...object, key, method: 'PUT', headers, body });

/** The text of an element of an answer. */
export const element = (text: string, name: string) =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
