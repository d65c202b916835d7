import { describe, expect, it } from 'vitest';
import { runCommand } from './terminal.ts';

describe('cost', () => {
  /** The table with each row on a line of its own: what is counted, the amount, where its price is from. */
  async function costOf(...args: string[]): Promise<string> {
    const { exitCode, out } = await runCommand(['cost', ...args]);
    expect(exitCode).toBe(0);
    return out.replace(/\n {2,}(?!http)/g, ' ').replace(/ {2,}/g, ' | ');
  }

  it('cost counts a million uploads of 2 MB by the list of mainland China, each price with its page and date', async () => {
    const { out } = await runCommand(['cost', '--uploads', '1000000', '--size', '2MB']);

    // 1,000,000 calls are 7,500 CU; 300 ms at 0.1 vCPU and an eighth of a GB are 0.035625 CU: a CU is CNY 0.00011.
    expect(out).toMatch(/^1,000,000 invocations +0\.83 +CNY 0\.00011 a CU: /m);
    expect(out).toMatch(/^their time, .* 3\.92 +the same$/m);
    // 4,000,000 MB of 1,024 to the GB.
    expect(out).toMatch(/^processing of 3,906 GB.* 0\.00 +10 TB are free, beyond: CNY 0\.025 a$/m);
    expect(out).toMatch(/^2,000,000 requests to OSS +2\.00 +CNY 0\.01 for 10,000, Standard: /m);
    expect(out).toMatch(/^each 100 GB of outputs, stored +12\.00 +CNY 0\.12 a GB, Standard LRS: /m);
    expect(out.match(/\d{4}-\d\d-\d\d/g)).toEqual(['2025-12-13', '2026-02-05', '2024-04-08', '2026-02-05']);
    expect(out.match(/^ {2}https:\/\/help\.aliyun\.com\/zh\/\S+$/gm)).toHaveLength(4);
  });

  it.each([
    // One byte below 10 TB of 1,024 GB, at it, and 2,560 GB beyond it.
    [['--uploads', '10239', '--size', '1GB'], 'processing of 10,239 GB', '0.00'],
    [['--uploads', '10240', '--size', '1GB'], 'processing of 10,240 GB', '0.00'],
    [['--uploads', '12800', '--size', '1GB'], 'processing of 12,800 GB', '64.00'],
    [['--uploads', '104857600', '--size', '100KB'], 'processing of 10,000 GB', '0.00'],
    [['--uploads', '30000', '--size', '1KB'], '30,000 requests to OSS', '0.03'],
  ])('cost %j: %s is CNY %s', async (args, item, amount) => {
    const out = await costOf(...args, '--outputs', '1');

    const row = out.split('\n').find((line) => line.startsWith(item));
    expect(row?.split(' | ')).toContain(amount);
  });

  it('cost says what an hour with calls costs at the least, which few uploads an hour stay below', async () => {
    expect(await costOf('--uploads', '10')).toContain(
      'Function Compute bills CNY 0.01 at the least for an hour with calls: 7.20 where every hour of 30 days has some.',
    );
  });

  it.each([
    ['cn-beijing', '100000000', 'Beyond 200,000,000 CU'],
    ['ap-southeast-1', '30000000', 'Beyond 100,000,000 CU'],
  ])('cost says that in %s so many CU have lower prices', async (region, uploads, note) => {
    expect(await costOf('--region', region, '--outputs', '2', '--uploads', uploads)).not.toContain(note);
    expect(await costOf('--region', region, '--outputs', '200', '--uploads', uploads)).toContain(note);
  });

  it.each(['eu-central-1', 'ap-southeast-1', 'cn-hongkong'])(
    "cost has the function's price in USD in %s, and no price of OSS beyond what is free",
    async (region) => {
      const few = await costOf('--region', region);
      const many = await costOf('--region', region, '--size', '10MB');

      // 7,500 and 35,625 CU at USD 0.00002.
      expect(few).toMatch(/^1,000,000 invocations \| 0\.15 \| USD 0\.00002 a CU: .*, 2024-11-19$/m);
      expect(few).toMatch(/^their time, .* \| 0\.71 \|/m);
      expect(few).toMatch(/^processing of 3,906 GB.* \| 0\.00 \|/m);
      expect(many).toMatch(/^processing of 19,531 GB.* \| unknown \|/m);
      expect(many).toMatch(/^2,000,000 requests to OSS \| unknown \| see OSS's price page$/m);
      expect(many).toMatch(/^each 100 GB of outputs, stored \| unknown \| see OSS's price page$/m);
      expect(many).not.toContain('CNY');
    },
  );

  it.each([
    [['--uploads', '0'], '--uploads: expected a whole number above 0, received "0".'],
    [['--outputs', 'many'], '--outputs: expected a whole number above 0, received "many".'],
    [
      ['--region', 'oss-cn-hangzhou'],
      'region "oss-cn-hangzhou": expected a plain region id such as cn-hangzhou.',
    ],
    [['--size', '2'], '--size: expected a size such as 500KB or 2MB, received "2".'],
  ])('cost refuses %j with one clear sentence', async (args, message) => {
    const { exitCode, err } = await runCommand(['cost', ...args]);

    expect({ exitCode, err }).toEqual({ exitCode: 2, err: `oss-saveas cost: ${message}\n` });
  });
});
