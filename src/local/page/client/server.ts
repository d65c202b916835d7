import type { OssObject } from '../../../process.ts';
import type { ObjectDetails, ObjectStory } from '../wire.ts';
import { knownState } from './live.ts';

/** An answer other than success, in words for people. */
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

/** Fetches an address; throws ServerError with the message of an answer other than success. */
export async function request(address: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(address, options);
  if (!response.ok) {
    throw await readError(response);
  }
  return response;
}

/** Asks the page's server for JSON. */
export async function getFromServer<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const response = await request(pageAddress(path, query));
  return response.json();
}

/** Makes the page's server do something. This needs the token that only this page knows. */
export async function sendToServer<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
  const { token } = await knownState();
  const headers = { 'content-type': 'application/json', 'x-page-token': token };
  const response = await request(pageAddress(path), { method, headers, body: JSON.stringify(body) });
  return response.json();
}

/** The address of something that the page's own server answers. */
export function pageAddress(path: string, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `/-/page/${path}${text === '' ? '' : `?${text}`}`;
}

/** The address of a picture with `style` applied; `version` lets the browser cache unchanged ones. */
export function pictureAddress({ bucket, key }: OssObject, version: string, style = ''): string {
  return pageAddress('picture', { bucket, key, version, ...(style !== '' && { style }) });
}

/** The object as it is now, if it exists. */
export async function findObject(name: Partial<OssObject>): Promise<ObjectDetails | undefined> {
  const { details } = await getFromServer<ObjectStory>('object', name);
  return details;
}

/** A presigned address of the local OSS, valid for one method. */
export async function presignedAddress(method: string, object: OssObject, contentType = ''): Promise<string> {
  const { url } = await sendToServer<{ url: string }>('POST', 'presign', { method, ...object, contentType });
  return url;
}

/** Reads the page server's JSON error, or OSS's error document. */
async function readError(response: Response): Promise<ServerError> {
  const text = await response.text();
  if (response.headers.get('content-type')?.includes('json')) {
    const { message, code }: { message?: string; code?: string } = JSON.parse(text);
    return new ServerError(response.status, message ?? response.statusText, code);
  }
  return errorOfDocument(response.status, text);
}

/** The error in an OSS error document. */
export function errorOfDocument(status: number, text: string): ServerError {
  const document = new DOMParser().parseFromString(text, 'text/xml');
  const field = (name: string) => document.querySelector(name)?.textContent ?? undefined;
  const code = field('Code');
  return new ServerError(status, field('Message') ?? `HTTP ${status}`, code);
}
