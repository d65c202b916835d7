import { describe, expect, it } from 'vitest';
import { control, object, startFaulty } from './fault-client.ts';

describe('a rule of faults', () => {
  it('a rule of faults befalls the operation and the keys that it names', async () => {
    const { client } = await startFaulty([
      { fault: 'InternalError', operation: 'GetObject', key: 'uploads/**' },
    ]);
    await client.putObject({ bucket: 'photos', key: 'elsewhere.jpg', body: 'x' });

    const statuses = await Promise.allSettled([
      client.getObject(object),
      client.getObject({ ...object, process: 'image/info' }),
      client.headObject(object),
      client.getObject({ bucket: 'photos', key: 'elsewhere.jpg' }),
    ]);

    expect(statuses.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('a rule of faults gives way to the next once its count is reached', async () => {
    const { client } = await startFaulty([
      { fault: 'ServiceUnavailable', count: 1 },
      { fault: 'InternalError', count: 1 },
    ]);

    const codes = [];
    for (let call = 0; call < 3; call += 1) {
      codes.push(
        await client.headObject(object).then(
          () => 'OK',
          ({ code }) => code,
        ),
      );
    }

    expect(codes).toEqual(['ServiceUnavailable', 'InternalError', 'OK']);
  });

  it('a rule of faults hits by chance, and by the same chance again for the same seed', async () => {
    const runs: string[] = [];

    for (const seed of [7, 7, 8]) {
      const { oss, client } = await startFaulty([]);
      await control(oss, 'PUT', { seed, rules: [{ fault: 'InternalError', probability: 0.3 }] });
      let hits = '';
      for (let call = 0; call < 60; call += 1) {
        hits += await client.headObject(object).then(
          () => '.',
          () => 'x',
        );
      }
      runs.push(hits);
    }

    expect(runs[0]).toBe(runs[1]);
    expect(runs[0]).not.toBe(runs[2]);
    expect(runs[0]?.replaceAll('.', '').length).toBeGreaterThan(6);
    expect(runs[0]?.replaceAll('.', '').length).toBeLessThan(36);
  });
});
