/** Query parameters, decoded; an empty value stands for a name alone (`?x-oss-process`). */
export type QueryParameters = Readonly<Record<string, string>>;

/**
 * Percent-encodes the UTF-8 bytes of everything but `A-Za-z0-9-._~`, the only characters that a V4 canonical
 * request leaves alone (alibabacloud-oss-go-sdk-v2 oss/signer/v4.go). Throws TypeError on half of a surrogate
 * pair, which has no UTF-8 form.
 */
export function encodeComponent(text: string): string {
  if (!text.isWellFormed()) {
    throw new TypeError('text with half of a surrogate pair cannot be sent to OSS');
  }
  // encodeURIComponent leaves these five as they are; OSS signs them encoded.
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes an object key for the request line and the canonical URI alike: `/`, `.` and `..` stay. */
export function encodePath(key: string): string {
  return encodeComponent(key).replaceAll('%2F', '/');
}

/**
 * Encodes a query for the request line and the canonical query alike, without the `?`: sorted by encoded
 * name, an empty value without its `=`.
 */
export function encodeQuery(parameters: QueryParameters): string {
  const pairs = Object.entries(parameters).map((pair) => pair.map(encodeComponent));
  // Names are sorted and not whole pairs, because `=` sorts after `-`.
  const sorted = pairs.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join('&');
}
