import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '../../log.ts';
import { type AccessKey, type AccessKeys, createAccessKeys } from './access-keys.ts';
import { authenticate, type Principal } from './auth.ts';
import { forbidden } from './errors.ts';
import type { ProcessImage } from './image-contract.ts';
import { checkBucketName } from './names.ts';
import { eventRecord, type OssEventRecord } from './object-event.ts';
import type { ObjectMeta } from './object-file.ts';
import { findOperation } from './operations.ts';
import { errorReply, type Reply, sendReply } from './reply.ts';
import { type OssRequest, readRequest } from './request.ts';
import { openStore } from './store.ts';

export interface LocalOssOptions {
  /** Where buckets and objects live; made if absent, read at start. One server at a time. */
  readonly dataDir: string;
  readonly region: string;
  readonly accessKeys: readonly AccessKey[];
  /** Buckets that exist from the start. */
  readonly buckets?: readonly string[];
  readonly processImage: ProcessImage;
  /** Called with each event record once the object is on disk, before the client is answered. */
  readonly onObjectEvent?: (record: OssEventRecord) => void;
  readonly now?: () => number;
  readonly log?: Logger;
}

export interface LocalOss {
  /** Port 0 takes a free one. Loopback unless `host` says otherwise. */
  listen(options: { port: number; host?: string }): Promise<{ port: number; url: string }>;
  /** Undefined until listening. */
  readonly url: string | undefined;
  /** Ends open connections too. */
  close(): Promise<void>;
  /** Temporary credentials of a role, for an hour unless told otherwise; they die with the process. */
  issueToken: AccessKeys['issueToken'];
}

/** The account all buckets belong to. */
export const localAccountId = '1000000000000000';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An OSS for one machine: V4 header signatures, buckets on disk, image processing, events. */
export async function createLocalOss(options: LocalOssOptions): Promise<LocalOss> {
  const { region, now = Date.now, log = silent } = options;
  const store = openStore(options.dataDir, now, log);
  for (const bucket of options.buckets ?? []) store.createBucket(checkBucketName(bucket));
  const accessKeys = createAccessKeys(options.accessKeys, localAccountId, now);

  function notify(request: OssRequest, { principalId }: Principal) {
    return (eventName: string, bucket: string, meta: ObjectMeta, deltaSizeBytes: number): void => {
      const { requestId, sourceIp } = request;
      const change = { eventName, bucket, meta, deltaSizeBytes, requestId, sourceIp, principalId };
      try {
        options.onObjectEvent?.(eventRecord({ ...change, timeMs: now(), region, accountId: localAccountId }));
      } catch (error) {
        // The object is stored: a listener that fails is no reason to tell the client otherwise.
        log.error('object event not taken', { eventName, bucket, key: meta.key, reason: String(error) });
      }
    };
  }

  async function answer(request: OssRequest): Promise<Reply> {
    const principal = authenticate(request, { region, now, principalOf: accessKeys.principalOf });
    // Named before it is denied, so that a browser form upload learns that it is missing here.
    const run = findOperation(request);
    if (principal === undefined) throw anonymous(request);
    const { processImage } = options;
    const shared = { store, region, accountId: localAccountId, processImage };
    return run({ ...shared, request, principal, notify: notify(request, principal) });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = now();
    const requestId = randomBytes(12).toString('hex').toUpperCase();
    const raw = { requestId, method: message.method ?? '', host: message.headers.host ?? '' };
    let reply: Reply;
    try {
      reply = await answer(readRequest(message, requestId));
    } catch (error) {
      reply = errorReply(error, raw);
      if (reply.statusCode === 500) log.error('request failed', { requestId, reason: String(error) });
    }
    const elapsed = { 'x-oss-server-time': String(now() - startedMs) };
    log.debug('request', { requestId, method: raw.method, statusCode: reply.statusCode });
    await sendReply(response, { ...reply, headers: { ...reply.headers, ...elapsed } }, requestId);
  }

  const server = createServer((message, response) => {
    // Left to fail: a client that went away, in the middle of its upload or of our answer.
    serve(message, response).catch(() => response.destroy());
  });
  let url: string | undefined;

  return {
    get url() {
      return url;
    },
    listen: async ({ port, host = '127.0.0.1' }) => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(port, host, () => {
          server.removeListener('error', reject);
          resolve();
        });
      });
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
      return { port: bound, url };
    },
    close: async () => {
      url = undefined;
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
    issueToken: accessKeys.issueToken,
  };
}

/** Documented: OSS help "403 errors"; ACLs other than private do not exist here. */
function anonymous({ key }: OssRequest): Error {
  const what = key === '' ? 'bucket' : 'object';
  return forbidden('AccessDenied', `Anonymous user has no right to access this ${what}.`, '0003-00000001');
}
