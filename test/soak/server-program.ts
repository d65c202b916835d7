/* A local OSS as a process of its own, so that it can be killed: `server-program DATA_DIR PORT`, over an IPC channel. */
import { processImage } from '../../src/local/image/process-image.ts';
import { createLocalOss } from '../../src/local/oss/server.ts';

const [, , dataDir = '', port = '0'] = process.argv;
const tell = (message: object) => process.send?.(message);
const warn = (complaint: string, fields?: object) =>
  tell({ complaint: `${complaint} ${JSON.stringify(fields)}` });
const oss = await createLocalOss({
  dataDir,
  region: 'cn-hangzhou',
  accessKey: { id: 'local', secret: 'local-secret' },
  buckets: ['soak'],
  processImage,
  log: { debug: () => {}, info: () => {}, warn, error: warn },
});
process.on('message', () => {
  // With --expose-gc: what is left is what the server holds on to.
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  tell({ heldBytes: heapUsed + external, rssBytes: rss });
});
process.on('disconnect', () => process.exit());
tell({ port: (await oss.listen({ port: Number(port) })).port });
