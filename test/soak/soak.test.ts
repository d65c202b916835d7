/*
 * Mixed operations from 50 connections while the server is killed and restarted: short in `npm test`, at length with
 * SOAK_OPERATIONS=10000 and SOAK_KILLS=20 (`npm run soak`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startServerProcess } from './server-process.ts';
import { soak } from './soak.ts';

const operations = Number(process.env.SOAK_OPERATIONS ?? 600);
const kills = Number(process.env.SOAK_KILLS ?? 2);
const timeoutMs = 60_000 + operations * 60;
const mebibytes = (bytes: number) => Math.round(bytes / 1024 ** 2);

it(
  `${operations} operations from 50 connections and ${kills} kills lose and tear no object, and hold no memory`,
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'soak-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const server = await startServerProcess(dataDir);
    try {
      const startedMs = Date.now();

      const report = await soak(server, { operations, connections: 50, kills });

      const { memory, ...counts } = report;
      const held = memory.map(({ heldBytes }) => mebibytes(heldBytes));
      const rss = memory.map(({ rssBytes }) => mebibytes(rssBytes));
      const seconds = (Date.now() - startedMs) / 1000;
      console.log({ ...counts, kills, seconds, heldMiB: held.join(' '), rssMiB: rss.join(' ') });
      expect(report.faults).toEqual([]);
      expect(server.complaints).toEqual([]);
      expect(report.uncertain).toBeGreaterThan(0);
      expect(report.verified).toBeGreaterThan(50);
      // The first samples are of a process that has only just started.
      const [early = [], late = []] = [held.slice(2, held.length / 2), held.slice(held.length / 2)];
      expect(Math.max(...late)).toBeLessThan(Math.max(...early) + 16);
    } finally {
      await server.stop();
    }
  },
  timeoutMs,
);
