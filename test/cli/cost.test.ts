import { describe, expect, it } from 'vitest';
import { runCommand } from './terminal.ts';

describe('cost', () => {
  it('cost counts a million uploads of 2 MB, and names what it does not know', async () => {
    const { exitCode, out } = await runCommand(['cost', '--uploads', '1000000', '--size', '2MB']);

    expect(exitCode).toBe(0);
    expect(out).toMatch(/1,000,000 invocations +0\.83 /);
    expect(out).toMatch(/ 3\.92 /);
    expect(out).toMatch(/4,000 GB +0\.00 /);
    expect(out).toMatch(/2,000,000 requests to OSS +unknown/);
    expect(out).toContain('2025-12-13');
  });

  it('cost states no price where the free amount is used up, nor for a region whose list is not known', async () => {
    const { out } = await runCommand(['cost', '--size', '10MB', '--region', 'eu-central-1']);

    expect(out).toMatch(/20,000 GB +unknown/);
    expect(out).toMatch(/1,000,000 invocations +unknown/);
  });

  it.each([
    [['--uploads', '0'], '--uploads: expected a whole number above 0, received "0".'],
    [['--outputs', 'many'], '--outputs: expected a whole number above 0, received "many".'],
    [['--size', '2'], '--size: expected a size such as 500KB or 2MB, received "2".'],
  ])('cost refuses %j with one clear sentence', async (args, message) => {
    const { exitCode, err } = await runCommand(['cost', ...args]);

    expect({ exitCode, err }).toEqual({ exitCode: 2, err: `oss-saveas cost: ${message}\n` });
  });
});
