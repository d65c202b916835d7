import type { Dispatcher } from 'undici';
import { createDefaultCredentials } from '../credentials/default-chain.ts';
import { type Call, createCall } from '../oss/call.ts';
import { type Endpoint, resolveEndpoint } from '../oss/endpoint.ts';
import { createAgent } from '../oss/request.ts';
import type { Credentials } from '../oss/sign.ts';
import { readSettings, type Settings } from '../settings.ts';
import { CliError, type Io, type Option, type Values } from './command.ts';

/** How a command finds OSS; what is left out comes from the environment, as in the function. */
export const connectionOptions: Readonly<Record<string, Option>> = {
  region: { value: 'region', summary: 'such as cn-hangzhou (default OSS_REGION)' },
  endpoint: { value: 'url', summary: "in place of the region's public one (default OSS_ENDPOINT)" },
};

export interface Connection {
  /** The function's settings with the options over them. */
  settings: Settings & { region: string };
  endpoint: Endpoint;
  credentials: () => Promise<Credentials>;
  dispatcher: Dispatcher;
  call: Call;
}

/** Lets `use` talk to OSS from a person's machine: public endpoint, credentials of the default chain. */
export async function withConnection<T>(
  values: Values,
  io: Io,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const settings = readConnectionSettings(values, io);
  const endpoint = resolveEndpoint(settings);
  const credentials = createDefaultCredentials(io.env);
  const dispatcher = createAgent();
  const call = createCall({ region: settings.region, endpoint, credentials, dispatcher });
  try {
    return await use({ settings, endpoint, credentials, dispatcher, call });
  } finally {
    await dispatcher.close();
  }
}

function readConnectionSettings({ region, endpoint }: Values, { env }: Io): Connection['settings'] {
  const settings = {
    ...readSettings(env, '.'),
    ...(typeof region === 'string' && { region }),
    ...(typeof endpoint === 'string' && { endpoint }),
  };
  if (settings.region === undefined) {
    throw new CliError('no region: give --region or set OSS_REGION.');
  }
  return { ...settings, region: settings.region };
}
