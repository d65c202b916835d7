/* Nothing is left open for a client that goes away before it is answered. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startOss } from './running-oss.ts';
import { object, put } from './text-object.ts';
import { signV4 } from './v4-client.ts';

/** Hands over the server's socket of each request that comes during the test. */
function onRequest(listener: (socket: Socket) => void): void {
  const channel = 'http.server.request.start';
  const listen = (message: unknown) => {
    if (message instanceof Object && 'socket' in message && message.socket instanceof Socket) {
      listener(message.socket);
    }
  };
  subscribe(channel, listen);
  onTestFinished(() => void unsubscribe(channel, listen));
}

describe('a client that goes away before it is answered', () => {
  it.each(['close', 'keep-alive'])(
    'a client that goes away before it is answered leaves no file open, with Connection: %s',
    async (connection) => {
      const oss = await startOss();
      await put(oss);
      const socket = connect(oss.port, '127.0.0.1');
      const streams: Readable[] = [];
      const gone = new Promise((resolve) => onRequest((served) => served.once('close', resolve)));
      const { open } = oss.store;
      vi.spyOn(oss.store, 'open').mockImplementation(async (...args) => {
        const opened = await open.apply(oss.store, args);
        socket.resetAndDestroy();
        await gone;
        const stream = (...range: [number?, number?]) => {
          const body = opened.stream(...range);
          streams.push(body);
          return body;
        };
        return { ...opened, stream };
      });

      const { path, headers } = signV4({ ...object, method: 'GET' });
      const lines = Object.entries({ ...headers, host: 'localhost', connection });
      socket.write(
        `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      );

      await expect.poll(() => streams.map(({ destroyed }) => destroyed)).toEqual([true]);
    },
  );
});
