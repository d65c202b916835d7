import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createJsonLogger, type LogFields, type Logger } from '../../log.ts';
import { createSetAside } from '../data-folder.ts';
import { type AccessKey, createAccessKeys } from './auth/access-keys.ts';
import { eventRecord, type OssEventRecord, type TaskEvent, taskEvent } from './events.ts';
import { discard } from './faults/answers.ts';
import { faultsRoute } from './faults/control.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import type { FaultPlan } from './faults/plan.ts';
import { isAllowed, preflightReply, withCors } from './http/cors.ts';
import { OssError } from './http/errors.ts';
import { checkNewBucketName } from './http/names.ts';
import { errorReply, type Reply, sendReply } from './http/reply.ts';
import { hasSoundFraming, readRequest } from './http/request.ts';
import { findRefusal, namesThisMachine, type Route, sendJson } from './http/routes.ts';
import { carryOutRequest } from './operations/carry-out.ts';
import type { Service } from './operations/operation.ts';
import { withSnapshots } from './operations/placeholder.ts';
import { createTaskRunner } from './operations/tasks.ts';
import { bucketSettingsSchema, newBucketSettings } from './store/bucket-settings.ts';
import { Store } from './store/store.ts';
import { Uploads } from './store/uploads.ts';

export interface LocalOssOptions
  extends Pick<Service, 'region' | 'processImage' | 'simulateTasks'>,
    Partial<Pick<Service, 'now' | 'log'>> {
  /** The folder of buckets and objects; created if missing, read at start. For one server at a time. */
  readonly dataDir: string;
  readonly accessKey: AccessKey;
  /** Buckets that exist from the start. */
  readonly buckets?: readonly string[];
  /** Called with each event record once the object is on disk, before the client gets an answer. */
  readonly onObjectEvent?: (record: OssEventRecord) => void;
  /** Called with the event for each asynchronous task that has ended. */
  readonly onTaskEvent?: (event: TaskEvent) => void;
  /** The faults in force from the start; `PUT /-/faults` changes them. */
  readonly faults?: FaultPlan | undefined;
  /** Origins whose pages may use this server, in addition to those of this machine. */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Asked about each request before OSS. */
  readonly routes?: readonly Route[];
}

export type LocalOss = Awaited<ReturnType<typeof createLocalOss>>;

const host = '127.0.0.1';

/** An OSS for one machine: V4 and V1 signatures, buckets on disk, image processing, events. */
export async function createLocalOss(options: LocalOssOptions) {
  const { now = Date.now, log = createJsonLogger('silent', () => {}), corsOrigins = [] } = options;
  const service = createService(options, now, log);
  const faults = createFaults(options.faults ?? {}, { now, log });
  const routes = [faultsRoute(faults), ...(options.routes ?? [])];
  const oss: Oss = { service, faults, routes, corsOrigins };
  const ensureBuckets = (names: readonly string[]) => {
    for (const name of names) {
      service.store.createBucket(checkNewBucketName(name), newBucketSettings(now()));
    }
  };
  ensureBuckets(options.buckets ?? []);
  // A client may be slow, or at a breakpoint. By default Node.js would abort an upload after five minutes,
  // and answer more than 16 KB of headers without a document.
  const leniency = { insecureHTTPParser: true, requestTimeout: 0, maxHeaderSize: 64 * 1024 };
  const server = createServer(leniency, (message, response) => {
    if (!hasSoundFraming(message, response)) {
      message.socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    // The client disconnected during its upload or our answer, so there is nobody to answer.
    answer(oss, message, response).catch(() => response.destroy());
  });

  return {
    /** Empty until the server listens. */
    get url() {
      return service.endpoint;
    },
    /** Port 0 chooses a free port. Other machines cannot reach it. */
    listen: async ({ port }: { port: number }) => {
      const bound = await listen(server, port);
      service.endpoint = `http://${host}:${bound}`;
      return { port: bound, url: service.endpoint };
    },
    /** Also ends open connections. */
    close: async (): Promise<void> => {
      service.endpoint = '';
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.tasks.ended();
    },
    /** Temporary credentials of a role, by default for an hour, at most as long as the process. */
    issueToken: service.accessKeys.issueToken,
    /** Creates those buckets that do not exist. */
    ensureBuckets,
    store: service.store,
    faults,
  };
}

/** Resolves to the port once it is open. */
async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening').catch((cause) => {
    // It may be in use, or reserved by the system: below 1024, or in a range that Windows has set aside.
    const advice = 'Choose another one with --port.';
    throw new Error(`Port ${port} of ${host} cannot be opened: ${cause.message}. ${advice}`, { cause });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Everything that is needed to answer a message. */
interface Oss {
  readonly service: Service;
  readonly faults: Faults;
  readonly routes: readonly Route[];
  readonly corsOrigins: readonly string[];
}

/** Passes a message to the first route that takes it, else to OSS; to OSS alone if its Host is a bucket's. */
async function answer(oss: Oss, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const isOurs = namesThisMachine(message);
  const refusal = isOurs && message.url?.startsWith('/-/') ? findRefusal(message) : undefined;
  if (refusal !== undefined) {
    return sendJson(response, 403, { message: refusal });
  }
  for (const route of isOurs ? oss.routes : []) {
    const answered = route(message, response);
    if (answered !== undefined) {
      return answered;
    }
  }
  return serve(oss, message, response);
}

async function serve(oss: Oss, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { service, faults, corsOrigins } = oss;
  const { now, log } = service;
  const startedMs = now();
  const requestId = randomBytes(12).toString('hex').toUpperCase();
  const refuse = (error: unknown): Reply => {
    if (!(error instanceof OssError)) {
      log.error('request failed', { requestId, reason: String(error) });
      response.shouldKeepAlive = false;
    }
    return errorReply(error, message, requestId);
  };
  const reply = await replyTo().catch(refuse);
  if (reply !== undefined) {
    // A client may send its whole body before it listens.
    message.resume();
    try {
      if (!response.shouldKeepAlive) {
        await finished(message);
      }
      log.debug('request', { requestId, method: message.method, statusCode: reply.statusCode });
      const own = { 'x-oss-request-id': requestId, 'x-oss-server-time': String(now() - startedMs) };
      const whole = { ...reply, headers: { ...reply.headers, ...own } };
      await sendReply(response, withCors(whole, message, corsOrigins));
    } finally {
      // If the client disconnected, the file that the answer holds open must be closed.
      discard(reply);
    }
  }

  async function replyTo(): Promise<Reply | undefined> {
    const request = readRequest(message, requestId);
    if (request.method === 'OPTIONS') {
      // By a live test of the PHP SDK V2. A page that is allowed can only read the next answer.
      if (request.bucket !== '' && !isAllowed(message.headers.origin, corsOrigins)) {
        service.store.bucket(request.bucket);
      }
      return preflightReply(message, corsOrigins);
    }
    const run = (changes?: Partial<Service>) =>
      carryOutRequest({ ...service, ...changes }, request).catch(refuse);
    return faults.answer({ request, response, run, refuse });
  }
}

/** Opens the data folder and creates everything that operations use. */
function createService(options: LocalOssOptions, now: () => number, log: Logger): Service {
  const { dataDir, region, processImage, onObjectEvent, onTaskEvent, simulateTasks } = options;
  const temporaryFolder = join(dataDir, 'tmp');
  rmSync(temporaryFolder, { recursive: true, force: true });
  const files = { temporaryFolder, setAside: createSetAside(dataDir, log), now };
  // The change is already made, so a failing listener must not fail the request.
  const tell = (listen: () => void, fields: LogFields) => {
    try {
      listen();
    } catch (error) {
      log.error('event not taken', { ...fields, reason: String(error) });
    }
  };
  const service: Service = {
    region,
    endpoint: '',
    store: new Store({ ...files, folder: join(dataDir, 'buckets'), settingsSchema: bucketSettingsSchema }),
    uploads: new Uploads({ ...files, folder: join(dataDir, 'uploads') }),
    tasks: createTaskRunner(now, log, (task) =>
      tell(() => onTaskEvent?.(taskEvent(task, region)), { taskId: task.taskId }),
    ),
    simulateTasks,
    accessKeys: createAccessKeys(options.accessKey, now),
    processImage: simulateTasks ? withSnapshots(processImage) : processImage,
    now,
    log,
    saveAsKey: (key) => key,
    notify: (request, change) => {
      const { eventName, meta } = change;
      const named = { eventName, bucket: request.bucket, key: meta.key };
      tell(() => onObjectEvent?.(eventRecord(change, request, service)), named);
    },
  };
  return service;
}
