import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Logger } from '../../log.ts';
import type { ProcessImage } from '../image/contract.ts';
import { type AccessKey, type AccessKeys, createAccessKeys } from './auth/access-keys.ts';
import { authenticate } from './auth/authenticate.ts';
import type { Circumstances } from './faults/answers.ts';
import { controlFaults, isFaultControl } from './faults/control.ts';
import { createFaults } from './faults/faults.ts';
import type { FaultPlan } from './faults/plan.ts';
import { forbidden, OssError } from './http/errors.ts';
import { checkBucketName } from './http/names.ts';
import { errorReply, type Reply, sendReply } from './http/reply.ts';
import { type OssRequest, readRequest } from './http/request.ts';
import { eventRecord, type OssEventRecord } from './object-event.ts';
import type { Notification, Operation } from './operations/operation.ts';
import { findOperation, operationName } from './operations/table.ts';
import { openStore, type Store } from './store/store.ts';
import { openTasks } from './store/tasks.ts';
import { openUploads } from './store/uploads.ts';

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
  /** What goes wrong, from the start; `PUT /-/faults` changes it. */
  readonly faults?: FaultPlan;
  /** Quota on image processing, as OSS has one per account and region; none when absent. */
  readonly imageCallsPerSecond?: number;
  /** Takes what stands below `/-/` and is not OSS's; undefined leaves a request to OSS. */
  readonly control?: (message: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;
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

/** An OSS for one machine: V4 and V1 signatures, buckets on disk, image processing, events. */
export async function createLocalOss(options: LocalOssOptions): Promise<LocalOss> {
  const { region, now = Date.now, log = silent } = options;
  const store = openStore(options.dataDir, now, log);
  const uploads = openUploads(options.dataDir, now, log);
  const tasks = openTasks(options.dataDir, now, log);
  for (const bucket of options.buckets ?? []) {
    store.createBucket(checkBucketName(bucket));
  }
  const accessKeys = createAccessKeys(options.accessKeys, localAccountId, now);
  const { faults: plan, imageCallsPerSecond } = options;
  const faults = createFaults({ plan, imageCallsPerSecond, now, store, log });

  function notify(request: OssRequest, principal: { principalId: string }) {
    return ({ principalId = principal.principalId, ...change }: Notification): void => {
      const { requestId, sourceIp } = request;
      const who = { requestId, sourceIp, principalId };
      try {
        const when = { timeMs: now(), region, accountId: localAccountId };
        options.onObjectEvent?.(eventRecord({ ...change, ...who, ...when }));
      } catch (error) {
        // The object is stored: a listener that fails is no reason to tell the client otherwise.
        const { eventName, bucket, meta } = change;
        log.error('object event not taken', { eventName, bucket, key: meta.key, reason: String(error) });
      }
    };
  }

  async function answer(request: OssRequest, as: Circumstances): Promise<Reply> {
    const { principalOf } = accessKeys;
    // A bucket that is missing is told before a wrong AccessKey, save by what may make one (live tests of py-sdk-v2).
    const makesBucket = /^PutBucket(Acl)?$/.test(operationName(request) ?? '');
    if (request.bucket !== '' && !makesBucket) {
      as.store.bucket(request.bucket);
    }
    const signer = authenticate(request, { region, now: as.now, principalOf });
    const operation = findOperation(request);
    if (signer === undefined) {
      checkPublicAccess(request, operation, as.store);
    }
    const principal = signer ?? { principalId: 'anonymous' };
    return operation.run({
      request,
      principal,
      principalOf,
      store: as.store,
      uploads,
      tasks,
      region,
      accountId: localAccountId,
      endpoint: url ?? '',
      now,
      processImage: options.processImage,
      notify: notify(request, principal),
    });
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = now();
    const requestId = randomBytes(12).toString('hex').toUpperCase();
    const raw = { requestId, method: message.method ?? '', host: message.headers.host ?? '' };
    const refuse = (error: unknown): Reply => {
      const reply = errorReply(error, raw);
      if (!(error instanceof OssError)) {
        log.error('request failed', { requestId, reason: String(error) });
      }
      return reply;
    };
    let reply: Reply | undefined;
    try {
      const request = readRequest(message, requestId);
      const run = (as: Circumstances) => answer(request, as).catch(refuse);
      reply = await faults.answer({ request, response, run, refuse });
    } catch (error) {
      reply = refuse(error);
    }
    if (reply === undefined) {
      return;
    }
    const elapsed = { 'x-oss-server-time': String(now() - startedMs) };
    log.debug('request', { requestId, method: raw.method, statusCode: reply.statusCode });
    await sendReply(response, { ...reply, headers: { ...reply.headers, ...elapsed } }, requestId);
  }

  const server = createServer((message, response) => {
    // Left to fail: a client that went away, in the middle of its upload or of our answer.
    const answered = isFaultControl(message)
      ? controlFaults(faults, message, response)
      : (options.control?.(message, response) ?? serve(message, response));
    answered.catch(() => response.destroy());
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

/** Documented: OSS help "ACL": an object's own ACL, else its bucket's, says what a request without signature may do. */
function checkPublicAccess({ bucket, key }: OssRequest, { access }: Operation, store: Store): void {
  if (access === 'form') {
    return;
  }
  if (access !== undefined && bucket !== '') {
    const { objects, settings } = store.bucket(bucket);
    const own = objects.get(key)?.acl ?? 'default';
    const acl = own === 'default' ? settings.acl : own;
    if (acl === 'public-read-write' || (acl === 'public-read' && access === 'read')) {
      return;
    }
  }
  const what = key === '' ? 'bucket' : 'object';
  throw forbidden('AccessDenied', `Anonymous user has no right to access this ${what}.`, '0003-00000001');
}
