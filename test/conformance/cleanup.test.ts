import { expect, it } from 'vitest';
import { startOss } from '../local/oss/running-oss.ts';
import { connect } from './backend.ts';

it('a conformance run deletes what it made and nothing else, and names what it had to leave', async () => {
  const oss = await startOss();
  const made = await connect(
    {
      ...{ isLocal: true, region: 'cn-hangzhou', bucket: 'photos' },
      endpoint: { scheme: 'http', host: `127.0.0.1:${oss.port}`, style: 'path' },
      credentials: { accessKeyId: 'local', accessKeySecret: 'local-secret' },
    },
    () => undefined,
    async () => {},
  );
  const { client, bucket, prefix } = made;
  for (const key of [`${prefix}a b`, `${prefix}c`, 'own']) {
    await client.putObject({ bucket, key, body: 'x' });
  }
  const rules = [{ fault: 'AccessDenied', operation: 'DeleteObject', key: '**/a b' }];
  await fetch(`http://127.0.0.1:${oss.port}/-/faults`, { method: 'PUT', body: JSON.stringify({ rules }) });

  const closed = made.close();

  await expect(closed).rejects.toThrow(`  oss://${bucket}/${prefix}a b\n    OssServiceError: DeleteObject`);
  const left = await oss.call({ method: 'GET', bucket, query: { 'list-type': '2', 'encoding-type': 'url' } });
  expect(
    [...left.text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => decodeURIComponent(key ?? '')),
  ).toEqual([`${prefix}a b`, 'own']);
});
