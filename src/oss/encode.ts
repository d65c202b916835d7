/** Query parameters, decoded; an empty value stands for a name alone (`?x-oss-process`). */
export type Query = Readonly<Record<string, string>>;

const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * Percent-encodes the UTF-8 bytes of everything but `A-Za-z0-9-._~`, the only characters a V4 canonical request
 * leaves alone (alibabacloud-oss-go-sdk-v2 oss/signer/v4.go). Throws on a lone surrogate, which has no UTF-8 form.
 */
export function encodeComponent(text: string): string {
  if (!text.isWellFormed()) {
    throw new TypeError('text with half of a surrogate pair cannot be sent to OSS');
  }
  // encodeURIComponent leaves these five bare; OSS signs them encoded.
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

/** Encodes an object key for the request line and the canonical URI alike: `/` stays, `.` and `..` stay too. */
export function encodePath(key: string): string {
  return encodeComponent(key).replaceAll('%2F', '/');
}

/**
 * Encodes a query for the request line and the canonical query alike, without the `?`:
 * sorted by encoded name (names, not whole pairs: `=` sorts after `-`), an empty value without its `=`.
 */
export function encodeQuery(query: Query): string {
  const pairs = Object.entries(query).map(([name, value]) => [encodeComponent(name), encodeComponent(value)]);
  pairs.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return pairs.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
}
