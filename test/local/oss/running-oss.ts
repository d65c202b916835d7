import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OssEventRecord } from '../../../src/local/oss/events.ts';
import { createLocalOss, type LocalOss, type LocalOssOptions } from '../../../src/local/oss/server.ts';
import { type RawResponse, type SignOptions, send, signV4 } from './v4-client.ts';

export interface RunningOss extends LocalOss {
  readonly port: number;
  readonly events: OssEventRecord[];
  call(options: SignOptions): Promise<RawResponse>;
}

/** A folder that is gone after the test. */
export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'local-oss-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A local OSS on a free port with bucket `photos`; its image processing writes down what it was asked for. */
export async function startOss(options: Partial<LocalOssOptions> = {}): Promise<RunningOss> {
  const events: OssEventRecord[] = [];
  const oss = await createLocalOss({
    dataDir: options.dataDir ?? (await temporaryDir()),
    region: 'cn-hangzhou',
    accessKey: { id: 'local', secret: 'local-secret' },
    buckets: ['photos'],
    processImage: async ({ readSource, style }) => ({
      body: Buffer.from(`${style}(${(await readSource()).toString()})`),
      contentType: 'image/webp',
    }),
    onObjectEvent: (record) => events.push(record),
    ...options,
  });
  const { port } = await oss.listen({ port: 0 });
  onTestFinished(() => oss.close());
  const call = (request: SignOptions) => send(port, signV4(request));
  return { ...oss, port, events, call };
}
