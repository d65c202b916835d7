import { posix } from 'node:path';

/** Rules, as in rules.yaml, that replace another tool's settings; `notes` say what has no counterpart. */
export interface Translation {
  rules: object[];
  notes: string[];
}

export const pictureExtensions = ['jpg', 'jpeg', 'png', 'tif', 'tiff', 'webp', 'gif', 'avif'];

/** OSS's format by its names. GIF is missing, because OSS converts nothing else to it. */
export const formats = new Map([
  ...['jpg', 'png', 'webp', 'tiff', 'avif'].map((name) => [name, name] as const),
  ['jpeg', 'jpg'],
  ['tif', 'tiff'],
]);

/** A glob for the pictures in a folder. Globs are case-sensitive, and cameras write `.JPG`. */
export function pictureGlob(extensions: readonly string[] = pictureExtensions): string {
  return `*.{${extensions.flatMap((extension) => [extension, extension.toUpperCase()]).join(',')}}`;
}

export const literalGlob = (text: string) => text.replace(/[\\*?{}[\],]/g, '\\$&');

export const literalTemplate = (text: string) => text.replace(/[{}]/g, '$&$&');

/** Normalises a path of folders: no empty ones, `.` or inner `..`. It starts with `..` if it leads out. */
export function folderOf(path: string): string {
  return posix.join('.', path.replace(/^\/+/, '')).replace(/^\.?\/?$|\/$/, '');
}

/** Whether it is a whole number from 1 to `max`, usually OSS's longest side (OSS help, "Resize images"). */
export const isCount = (value: unknown, max = 16_384) =>
  Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= max;

/** The headers and ACL that OSS accepts: a header is one line of ASCII, and S3 has more ACLs. */
export function afterStepsOf(cacheControl: unknown, acl: unknown) {
  const value = typeof cacheControl === 'string' ? cacheControl : '';
  return {
    headers: /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? { 'Cache-Control': value } : undefined,
    acl: /^(private|public-read|public-read-write)$/.test(String(acl)) ? acl : undefined,
  };
}
