/** URL-safe Base64 of a text, without padding, as OSS wants it. */
export function encodeBase64url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
