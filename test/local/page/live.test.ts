import { createServer, get, type IncomingMessage } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { createLive } from '../../../src/local/page/server/live.ts';
import { portOf } from '../../port-of.ts';

const state = { token: 't', buckets: [], upload: { bucket: 'b', prefix: '' }, deadLetters: 0, faults: [] };

it('lets go of a page that does not read, and goes on telling the others', async () => {
  const live = createLive(() => state);
  const server = createServer((_, response) => live.connect(response, [], 0));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = portOf(server);
  const connect = () => new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1' }, resolve));
  const [still, reader] = await Promise.all([connect(), connect()]);
  still.on('error', () => {}).pause();
  let read = '';
  reader.setEncoding('utf8').on('data', (text: string) => {
    read += text;
  });
  const connections = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  expect(await connections()).toBe(2);

  const text = 'x'.repeat(100_000);
  for (let id = 1; id <= 600 && (await connections()) > 1; id += 1) {
    live.tell([{ id, timeMs: 0, kind: 'log', level: 'info', text }]);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  live.tell([{ id: 1000, timeMs: 0, kind: 'log', level: 'info', text: 'the end' }]);

  expect(await connections()).toBe(1);
  await expect.poll(() => read).toContain('the end');
});
