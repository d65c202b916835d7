/*
 * The conformance suite runs against the local OSS or, for `npm run conformance` and for nothing else, against a real
 * account. These variables name the account.
 *
 *   OSS_TEST_REGION             cn-hangzhou
 *   OSS_TEST_BUCKET             an existing bucket of that region, without versioning; only keys below
 *                               oss-saveas-conformance/ are touched, and all of them are deleted at the end
 *   OSS_TEST_ACCESS_KEY_ID      of a RAM user that may oss:ListObjects, oss:GetObject, oss:PutObject, oss:DeleteObject
 *   OSS_TEST_ACCESS_KEY_SECRET  and oss:PostProcessTask there
 *   OSS_TEST_SECURITY_TOKEN     optional, for temporary credentials
 *   OSS_TEST_ENDPOINT           optional, instead of the region's public one
 *   OSS_TEST_LEAST_ACCESS_KEY_ID, OSS_TEST_LEAST_ACCESS_KEY_SECRET, OSS_TEST_LEAST_SECURITY_TOKEN
 *                               optional: credentials with oss:PostProcessTask and oss:PutObject only (question 2)
 *   OSS_TEST_OTHER_REGION_BUCKET
 *                               optional: a bucket of the same account in another region (question 5)
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { processImage } from '../../src/local/image/process-image.ts';
import { createLocalOss } from '../../src/local/oss/server.ts';
import { type Call, type CallSettings, createCall } from '../../src/oss/call.ts';
import { type Endpoint, resolveEndpoint } from '../../src/oss/endpoint.ts';
import type { Credentials } from '../../src/oss/sign.ts';
import { createClient, type OssClient } from '../oss/client.ts';
import { invokeProbe } from './probe.ts';

export interface Backend {
  readonly isLocal: boolean;
  readonly region: string;
  readonly endpoint: Endpoint;
  readonly bucket: string;
  /** All that is made here goes below it. */
  readonly prefix: string;
  readonly client: OssClient;
  /** One request as it is, for what the client itself would refuse or complete. */
  readonly call: Call;
  readonly credentials: Credentials;
  readonly leastCredentials?: Credentials | undefined;
  readonly otherRegionBucket?: string | undefined;
  /** Invokes the probe that probe/s.yaml deploys; absent where none was named. */
  readonly invokeProbe?: (() => Promise<unknown>) | undefined;
  /** The same client with something changed. */
  clientWith(settings: Partial<CallSettings>): OssClient;
  /** The event that a key raised; undefined where events cannot be seen from here. */
  eventOf(key: string): string | undefined;
  /** Deletes all below the prefix; throws an Error that names what it had to leave. */
  close(): Promise<void>;
}

type Place = Pick<
  Backend,
  | 'isLocal'
  | 'region'
  | 'endpoint'
  | 'bucket'
  | 'credentials'
  | 'leastCredentials'
  | 'otherRegionBucket'
  | 'invokeProbe'
>;

export async function openLocal(): Promise<Backend> {
  const dataDir = await mkdtemp(join(tmpdir(), 'conformance-'));
  const events = new Map<string, string>();
  const credentials = { accessKeyId: 'local', accessKeySecret: 'local-secret' };
  const region = 'cn-hangzhou';
  const oss = await createLocalOss({
    dataDir,
    region,
    accessKey: { id: credentials.accessKeyId, secret: credentials.accessKeySecret },
    buckets: ['conformance'],
    processImage,
    onObjectEvent: ({ eventName, oss: { object } }) => events.set(object.key, eventName),
  });
  const { url } = await oss.listen({ port: 0 });
  const endpoint = resolveEndpoint({ region, endpoint: url });
  const place = { isLocal: true, region, endpoint, bucket: 'conformance', credentials };
  return connect(
    place,
    (key) => events.get(key),
    async () => {
      await oss.close();
      await rm(dataDir, { recursive: true });
    },
  );
}

interface RealOptions {
  /** The deployed probe. */
  functionName?: string | undefined;
  /** The prefix of another process, in place of one of its own. */
  prefix?: string | undefined;
}

export async function openReal({ functionName, prefix }: RealOptions): Promise<Backend> {
  const region = required('OSS_TEST_REGION');
  const credentials = credentialsOf('OSS_TEST_');
  const place: Place = {
    isLocal: false,
    region,
    endpoint: resolveEndpoint({ region, endpoint: process.env.OSS_TEST_ENDPOINT }),
    bucket: required('OSS_TEST_BUCKET'),
    credentials,
    leastCredentials:
      (process.env.OSS_TEST_LEAST_ACCESS_KEY_ID && credentialsOf('OSS_TEST_LEAST_')) || undefined,
    otherRegionBucket: process.env.OSS_TEST_OTHER_REGION_BUCKET,
    invokeProbe:
      functionName === undefined ? undefined : () => invokeProbe({ functionName, region, credentials }),
  };
  return connect(
    place,
    () => undefined,
    async () => {},
    prefix,
  );
}

const ownPrefix = () =>
  `oss-saveas-conformance/${Date.now().toString(36)}-${randomBytes(3).toString('hex')}/`;

export function connect(
  place: Place,
  eventOf: Backend['eventOf'],
  stop: () => Promise<void>,
  prefix = ownPrefix(),
): Backend {
  const dispatcher = new Agent({ connections: 8 });
  const { region, endpoint, bucket, credentials } = place;
  const options = { region, endpoint, dispatcher, credentials: () => credentials };
  const client = createClient(options);

  return {
    ...place,
    prefix,
    client,
    call: createCall({ ...options, maxAttempts: 1 }),
    clientWith: (changed) => createClient({ ...options, ...changed }),
    eventOf,
    close: async () => {
      try {
        await empty(client, bucket, prefix);
      } finally {
        await stop();
        await dispatcher.close();
      }
    },
  };
}

async function empty(client: OssClient, bucket: string, prefix: string): Promise<void> {
  const left = new Map<string, string>();
  const list = () => client.listObjectsV2({ bucket, prefix, maxKeys: 1_000 });
  for (let page = await list(); page.objects.length > 0; page = await list()) {
    for (const { key } of page.objects) {
      await client.deleteObject({ bucket, key }).catch((error: unknown) => left.set(key, String(error)));
    }
    if (left.size > 0) {
      break;
    }
  }
  if (left.size === 0) {
    return;
  }
  const rows = [...left].map(([key, reason]) => `  oss://${bucket}/${key}\n    ${reason}`);
  throw new Error(`The conformance suite could not delete what it made; please do:\n${rows.join('\n')}`);
}

function required(name: string): string {
  const value = process.env[name];
  if (value) {
    return value;
  }
  throw new Error(`${name} is not set.`);
}

function credentialsOf(start: string): Credentials {
  const securityToken = process.env[`${start}SECURITY_TOKEN`];
  return {
    accessKeyId: required(`${start}ACCESS_KEY_ID`),
    accessKeySecret: required(`${start}ACCESS_KEY_SECRET`),
    ...(securityToken && { securityToken }),
  };
}
