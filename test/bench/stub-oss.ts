/**
 * The OSS that all measured programs talk to, in its own process: answers every ProcessObject with what was asked
 * for, `node stub-oss.js <delay in ms>` later, and checks nothing. Prints its ports for HTTP and HTTPS.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { certificate, key } from './certificate.ts';

const delayMs = Number(process.argv[2] ?? 0);

/** ali-oss form-encodes the instruction and pads standard Base64; the others send it raw and URL-safe. */
function answerTo(body: string): string {
  const [, target = '', bucket = ''] = /,o_([\w+/=-]+),b_([\w+/=-]+)/.exec(decodeURIComponent(body)) ?? [];
  const decode = (text: string) => Buffer.from(text, 'base64').toString();
  return JSON.stringify({ bucket: decode(bucket), fileSize: 3267, object: decode(target), status: 'OK' });
}

const answer: RequestListener = async (request, response) => {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
  }
  const json = answerTo(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    'x-oss-request-id': '65B0AE3C5C1F3A3930A4C2F1',
  };
  const send = () => response.writeHead(200, headers).end(json);
  if (delayMs > 0) {
    setTimeout(send, delayMs);
  } else {
    send();
  }
};

async function listen(server: Server): Promise<number | undefined> {
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' ? address?.port : undefined;
}

async function main(): Promise<void> {
  const http = await listen(createServer(answer));
  const https = await listen(createTlsServer({ key, cert: certificate }, answer));
  process.send?.({ http, https });
}

process.on('disconnect', () => process.exit());
main();
