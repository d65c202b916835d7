import { startOss } from '../local/oss/running-oss.ts';
import { localEnvironment, runCommand } from './terminal.ts';

/** A local OSS with objects in the bucket `photos`, and commands that run against it. */
export async function startWith(
  objects: Record<string, string | Buffer>,
  options: Parameters<typeof startOss>[0] = {},
) {
  const oss = await startOss(options);
  const env = localEnvironment(oss.port);
  for (const [key, body] of Object.entries(objects)) {
    await oss.call({ method: 'PUT', bucket: 'photos', key, body });
  }
  const run = (...args: string[]) => runCommand(['run', ...args], env);
  const read = async (key: string) => {
    const { statusCode, body } = await oss.call({ method: 'GET', bucket: 'photos', key });
    return statusCode === 200 ? body : undefined;
  };
  const styled = (key: string, target: string, style = 'image/resize,w_100') =>
    run(
      '--bucket',
      'photos',
      '--key',
      key,
      '--style',
      style,
      '--target-bucket',
      'photos',
      '--target-image',
      target,
    );
  return { oss, env, run, read, styled };
}
