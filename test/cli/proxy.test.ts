import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startOss } from '../local/oss/running-oss.ts';
import { portOf } from '../port-of.ts';
import { localEnvironment, runCommand } from './terminal.ts';

/** A proxy that connects everybody with one local OSS, and notes what it was asked for. */
async function startProxy() {
  const { port, call } = await startOss();
  await call({ method: 'PUT', bucket: 'photos', key: 'uploads/a.jpg', body: 'a' });
  const asked: string[] = [];
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    const upstream = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connected\r\n\r\n'));
    upstream.pipe(socket).pipe(upstream);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void proxy.close());
  const env = localEnvironment(port);
  return { env, asked, address: `127.0.0.1:${portOf(proxy)}` };
}

const list = (env: Record<string, string>) => runCommand(['ls', 'oss://photos'], env);

/** An address that nobody has (RFC 5737): only a proxy answers for it. */
const elsewhere = 'http://192.0.2.1:81';

describe('a proxy', () => {
  it.each([
    ['HTTP_PROXY', 'http://'],
    ['http_proxy', ''],
  ])('the tools go through the proxy that %s names, as "%shost:port"', async (name, scheme) => {
    const { env, asked, address } = await startProxy();

    const { out } = await list({ ...env, OSS_ENDPOINT: elsewhere, [name]: `${scheme}${address}` });

    expect(out).toContain('uploads/a.jpg');
    expect(new Set(asked)).toEqual(new Set(['192.0.2.1:81']));
  });

  it('the tools take HTTPS_PROXY for an endpoint that speaks TLS', async () => {
    const { env, asked, address } = await startProxy();

    await list({ ...env, OSS_ENDPOINT: 'https://192.0.2.1', HTTPS_PROXY: `http://${address}` });

    expect(new Set(asked)).toEqual(new Set(['192.0.2.1:443']));
  });

  it.each(['127.0.0.1', 'localhost'])('the tools reach %s through no proxy', async (host) => {
    const { env, asked, address } = await startProxy();
    const endpoint = env.OSS_ENDPOINT.replace('127.0.0.1', host);

    const { out } = await list({ ...env, OSS_ENDPOINT: endpoint, HTTP_PROXY: `http://${address}` });

    expect(out).toContain('uploads/a.jpg');
    expect(asked).toEqual([]);
  });

  it('the tools reach what NO_PROXY names through no proxy', async () => {
    const { env, asked, address } = await startProxy();
    const elsewhere = env.OSS_ENDPOINT.replace('127.0.0.1', '127.0.0.1.nip.invalid');

    await list({ ...env, OSS_ENDPOINT: elsewhere, HTTP_PROXY: `http://${address}`, NO_PROXY: '.invalid' });

    expect(asked).toEqual([]);
  });

  it('the tools refuse a proxy that is none in words', async () => {
    const { env } = await startProxy();

    const ended = await list({ ...env, OSS_ENDPOINT: elsewhere, HTTP_PROXY: 'ftp://proxy' });

    expect(ended).toMatchObject({ exitCode: 2, err: expect.stringContaining('HTTP_PROXY') });
  });
});
