import { setTimeout as pause } from 'node:timers/promises';
import { createDefaultCredentials } from '../credentials/default-chain.ts';
import { type Call, type CallSettings, createCall } from '../oss/call.ts';
import { type Endpoint, type EndpointSettings, resolveEndpoint } from '../oss/endpoint.ts';
import { createAgent } from '../oss/request.ts';
import { readSettings } from '../settings.ts';
import { CliError, type Io, type Options, type ValuesOf } from './command.ts';

/** The account of the local stack. */
export const localAccount = { id: 'local', secret: 'local-secret', region: 'cn-hangzhou' };

/** How a command finds OSS. Missing options come from the environment, as in the function. */
export const connectionOptions = {
  region: { value: 'region', summary: 'such as cn-hangzhou (default OSS_REGION, or that of s.yaml)' },
  endpoint: { value: 'url', summary: "in place of the region's public one (default OSS_ENDPOINT)" },
  local: { summary: 'the local stack, by default at http://127.0.0.1:9000, and its access key' },
} as const satisfies Options;

export type Connection = Awaited<ReturnType<typeof connect>>;

/** Lets `use` talk to OSS from the user's machine: public endpoint, credentials of the default chain. */
export async function withConnection<T>(
  values: ConnectionValues,
  io: Io,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(values, io);
  try {
    return await use(connection);
  } finally {
    await (io.stop.aborted ? connection.dispatcher.destroy() : connection.dispatcher.close());
  }
}

type ConnectionValues = Partial<ValuesOf<typeof connectionOptions>>;

/** Says where a command works. Equal words mean the same objects. */
export function describeEndpoint({ endpoint: { scheme, host, style }, settings }: Connection): string {
  return `${scheme}://${host} in ${settings.region}${style === 'cname' ? ', by CNAME' : ''}`;
}

/** The pauses between so many attempts take over two minutes on average, longer than any passing fault. */
const maxAttempts = 12;
const longestPauseMs = 60_000;

/** A backfill has at most this many calls under way. */
const maxConnections = 256;

async function connect(values: ConnectionValues, io: Io) {
  const env = values.local ? localEnvironment : withCredentials(io.env);
  const defaults = readSettings(env, '.');
  const { endpoint: url = defaults.endpoint } = values;
  const region = values.region ?? defaults.region ?? (await findRegion(env));
  if (region === undefined) {
    throw new CliError('no region: give --region or set OSS_REGION.');
  }
  if (url?.includes('://') === false) {
    io.err(`The endpoint ${url} names no scheme, so https:// is used.\n`);
  }
  /** The function's settings, overridden by the options. */
  const settings = { ...defaults, region, endpoint: url };
  const endpoint = resolve(settings);
  const credentials = createDefaultCredentials(env);
  const dispatcher = await createDispatcher(endpoint, env);
  /** OSS's clock relative to ours, set if ours is so wrong that OSS refused a signature. */
  const clock = { offsetMs: 0 };
  const common = { endpoint, credentials, dispatcher, clock };
  /** Calls that are retried in another way. */
  const callBy = (policy: Partial<CallSettings>) => createCall({ ...common, region, ...policy });
  /** Pauses for this long, or until the user presses Ctrl-C. */
  const sleep = (delayMs: number) => pause(delayMs, undefined, { signal: io.stop });
  const patience = { maxAttempts, sleep: (delayMs: number) => sleep(Math.min(delayMs, longestPauseMs)) };
  const call = callBy({});
  const patientCall = callBy(patience);
  let hasAnswer = false;
  /** For jobs of hours: after OSS's first answer, faults of minutes are waited out; before it, none are. */
  const lastingCall: Call = async (request) => {
    const response = await (hasAnswer ? patientCall : call)(request);
    hasAnswer = true;
    return response;
  };
  return { ...common, settings, call, lastingCall, callBy, patience, sleep };
}

/** Uses the proxy that the environment names for such an endpoint, but never for this machine. */
async function createDispatcher({ scheme, host }: Endpoint, env: Io['env']) {
  const name = `${scheme.toUpperCase()}_PROXY`;
  const proxy = env[name.toLowerCase()] ?? env[name];
  if (proxy === undefined || /^(localhost|127\.[\d.]+|\[::1\])(:|$)/.test(host)) {
    return createAgent(maxConnections);
  }
  const { EnvHttpProxyAgent } = await import('undici');
  const uri = proxy.includes('://') ? proxy : `http://${proxy}`;
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? '';
  try {
    const limits = { connections: maxConnections, headersTimeout: 0, bodyTimeout: 0 };
    return new EnvHttpProxyAgent({ httpProxy: uri, httpsProxy: uri, noProxy, ...limits });
  } catch {
    throw new CliError(`${name}: expected an address such as http://proxy.example.com:8080.`);
  }
}

/** The region in the s.yaml of this folder. The code that reads it is large, and loaded only for this. */
async function findRegion(env: Io['env']): Promise<string | undefined> {
  const { findTemplate, deployedRegion } = await import('./project.ts');
  return deployedRegion(await findTemplate(undefined, '.', env));
}

const localEnvironment = {
  OSS_REGION: localAccount.region,
  OSS_ENDPOINT: 'http://127.0.0.1:9000',
  OSS_ACCESS_KEY_ID: localAccount.id,
  OSS_ACCESS_KEY_SECRET: localAccount.secret,
};

/** Takes credentials by Serverless Devs' names, so that one .env serves both: all of them or none. */
function withCredentials(env: Io['env']): Io['env'] {
  if (env.OSS_ACCESS_KEY_ID) {
    return env;
  }
  return {
    ...env,
    OSS_ACCESS_KEY_ID: env.AccessKeyID,
    OSS_ACCESS_KEY_SECRET: env.AccessKeySecret,
    OSS_SESSION_TOKEN: env.SecurityToken,
  };
}

/** Refuses an invalid region or endpoint, and an endpoint of another region than the one signed for. */
function resolve(settings: EndpointSettings): Endpoint {
  const { region, endpoint } = settings;
  const [, hostRegion] = /\boss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com\b/i.exec(endpoint ?? '') ?? [];
  if (hostRegion !== undefined && hostRegion !== region && !hostRegion.startsWith('accelerate')) {
    throw new CliError(`endpoint "${endpoint}" is in ${hostRegion}, not in ${region}: make them agree.`);
  }
  try {
    return resolveEndpoint(settings);
  } catch (error) {
    throw error instanceof TypeError ? new CliError(`${error.message}.`) : error;
  }
}
