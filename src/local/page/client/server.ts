import type { OssObject } from '../../../process.ts';
import { knownState } from './live.ts';

/** An answer other than success, in words for a person. */
export class ServerError extends Error {
  override name = 'ServerError';
  readonly status: number;
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Asks the page's server for JSON; throws ServerError with its words. */
export async function getFromServer<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  return readAnswer(await fetch(pageAddress(path, query)));
}

/** Has the page's server do something, which needs the token that only this page is told. */
export async function sendToServer<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
  const { token } = await knownState();
  const headers = { 'content-type': 'application/json', 'x-page-token': token };
  return readAnswer(await fetch(pageAddress(path), { method, headers, body: JSON.stringify(body) }));
}

/** The address of what the page's own server answers. */
export function pageAddress(path: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `/-/page/${path}${text === '' ? '' : `?${text}`}`;
}

/** The address of a picture, made small where `style` says so; `version` lets the browser keep what has not changed. */
export function pictureAddress({ bucket, key }: OssObject, version: string, style = ''): string {
  return pageAddress('picture', { bucket, key, version, ...(style !== '' && { style }) });
}

/** A presigned address of the local OSS, good for one method. */
export async function presignedAddress(method: string, object: OssObject, contentType = ''): Promise<string> {
  const { url } = await sendToServer<{ url: string }>('POST', 'presign', { method, ...object, contentType });
  return url;
}

async function readAnswer<T>(response: Response): Promise<T> {
  if (!response.ok) {
    throw await readError(response);
  }
  const answer: T = await response.json();
  return answer;
}

/** Reads the page server's JSON error, or OSS's error document. */
export async function readError(response: Response): Promise<ServerError> {
  const text = await response.text();
  if (response.headers.get('content-type')?.includes('json')) {
    const { message, code }: { message?: string; code?: string } = JSON.parse(text);
    return new ServerError(response.status, message ?? response.statusText, code);
  }
  return errorOfDocument(response.status, text);
}

/** The error that an OSS error document tells. */
export function errorOfDocument(status: number, text: string): ServerError {
  const document = new DOMParser().parseFromString(text, 'text/xml');
  const field = (name: string) => document.querySelector(name)?.textContent ?? undefined;
  const code = field('Code');
  return new ServerError(status, field('Message') ?? `HTTP ${status}`, code);
}
