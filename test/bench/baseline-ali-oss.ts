/** The same upload with the official Node client, as Function Compute's samples use it: a client for each event. */
import OSS from 'ali-oss';
import type { context, event } from './sample.ts';

/** Not in the published types of the client either. */
interface Saver {
  processObjectSave(
    source: string,
    target: string,
    style: string,
    bucket: string,
  ): Promise<{ res: { status: number } }>;
}

function isSaver(client: object): client is Saver {
  return 'processObjectSave' in client;
}

type Event = typeof event;
type Context = typeof context;

export async function handler(bytes: Buffer, { credentials }: Context): Promise<unknown> {
  const { events }: Event = JSON.parse(bytes.toString());
  for (const { oss } of events) {
    const [bucket, key] = [oss.bucket.name, oss.object.key];
    const { accessKeyId, accessKeySecret, securityToken } = credentials;
    // Not in the published types of the client, though its documentation has it.
    const options: OSS.Options & { authorizationV4: boolean } = {
      accessKeyId,
      accessKeySecret,
      stsToken: securityToken,
      bucket,
      region: 'oss-cn-hangzhou',
      endpoint: process.env.OSS_ENDPOINT ?? '',
      authorizationV4: true,
    };
    const target = key.replace('uploads/', 'derived/').replace(/\.\w+$/, '-320.webp');
    const style = 'image/resize,m_lfit,w_320/format,webp';
    const client = new OSS(options);
    if (!isSaver(client)) {
      throw new Error('this ali-oss cannot save processed images');
    }
    const { res } = await client.processObjectSave(key, target, style, bucket);
    console.log(JSON.stringify({ level: 'info', message: 'saved', bucket, key, target, status: res.status }));
  }
  return { saved: events.length };
}
