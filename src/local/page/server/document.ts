import { randomBytes } from 'node:crypto';
import type { PageReply } from './reply.ts';

/**
 * The page itself. Scripts may only come from our own files, by path, because objects have the same origin.
 * The editor may also create styles, with the nonce.
 */
export function renderDocument(host: string): PageReply {
  const assets = `http://${host}/-/page/assets/`;
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src ${assets}`,
    `style-src ${assets} 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'", // The editor hides its text for screen readers like this.
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>oss-saveas</title>
<link rel="icon" href="data:image/svg+xml,${icon}">
<link rel="stylesheet" href="/-/page/assets/page.css">
<script type="module" src="/-/page/assets/page.js" nonce="${nonce}"></script>
`;
  return {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') },
    body,
  };
}

const icon = encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0a6a5a" stroke-width="2.4"
    stroke-linejoin="round"><path d="M4 4h11v11H4z M9 20h11V9"/></svg>`,
);
