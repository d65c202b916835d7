import { describe, expect, it } from 'vitest';
import { addressOf, resolveEndpoint } from '../../src/oss/endpoint.ts';
import { hostileKeys } from '../fixtures/hostile-keys.ts';

const region = 'cn-hangzhou';

describe('an endpoint', () => {
  it.each([
    [{ region }, 'https://photos.oss-cn-hangzhou.aliyuncs.com', '/k'],
    [{ region: 'us-west-1' }, 'https://photos.oss-us-west-1.aliyuncs.com', '/k'],
    [{ region, internal: true }, 'https://photos.oss-cn-hangzhou-internal.aliyuncs.com', '/k'],
    [{ region, endpoint: 'oss-accelerate.aliyuncs.com' }, 'https://photos.oss-accelerate.aliyuncs.com', '/k'],
    [
      { region, endpoint: 'cn-hangzhou.oss.aliyuncs.com' },
      'https://photos.cn-hangzhou.oss.aliyuncs.com',
      '/k',
    ],
    [{ region, endpoint: 'http://OSS.example.com:80/' }, 'http://photos.oss.example.com:80', '/k'],
    [{ region, endpoint: 'https://img.example.com', cname: true }, 'https://img.example.com', '/k'],
    [{ region, endpoint: '127.0.0.1:9000' }, 'https://127.0.0.1:9000', '/photos/k'],
    [{ region, endpoint: 'http://127.0.0.1:9000', internal: true }, 'http://127.0.0.1:9000', '/photos/k'],
    [{ region, endpoint: 'http://localhost:65535' }, 'http://localhost:65535', '/photos/k'],
    [{ region, endpoint: 'http://localhost:9000' }, 'http://localhost:9000', '/photos/k'],
    [{ region, endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000', '/photos/k'],
    [{ region, endpoint: 'http://[FE80::A:1.2.3.4]' }, 'http://[fe80::a:1.2.3.4]', '/photos/k'],
  ])('an endpoint of %j sends an object of the bucket photos to %s%s', (settings, origin, path) => {
    expect(addressOf(resolveEndpoint(settings), 'photos', 'k')).toEqual({
      origin,
      path,
      canonicalUri: '/photos/k',
    });
  });

  it.each([
    ['virtual-hosted', {}, '/'],
    ['path', { endpoint: 'http://127.0.0.1' }, '/photos/'],
  ])(
    'an endpoint in %s style addresses the bucket itself by its trailing slash',
    (_style, settings, path) => {
      const endpoint = resolveEndpoint({ region, ...settings });

      expect(addressOf(endpoint, 'photos')).toMatchObject({ path, canonicalUri: '/photos/' });
    },
  );

  it.each([
    '',
    'CN-hangzhou',
    'cn.evil.com',
    'cn/..',
    'cn-hangzhou.evil.com',
    'cn-hangzhou/..',
    'a@b',
    'cn hangzhou',
    'cn-hangzhou\n',
    'oss-cn-hangzhou',
    '-',
    '-cn-hangzhou',
    'hangzhou',
    'cn-hangzhou-internal',
    'cn-hangzhou-vpc',
  ])('the region %j is refused', (region) => {
    expect(() => resolveEndpoint({ region })).toThrow('expected a plain region id such as cn-hangzhou');
  });

  it.each([' CN-Beijing ', 'oss-cn-beijing', 'cn-beijing-internal', 'oss-cn-beijing-vpc'])(
    'the region %j is refused with the plain id that is meant by it',
    (region) => {
      expect(() => resolveEndpoint({ region })).toThrow('expected a plain region id such as cn-beijing');
    },
  );

  it.each([
    '',
    'ftp://h.com',
    'http://user@h.com',
    'http://user:pass@h.com',
    'http://h.com/path',
    'http://h.com?query',
    'http://h.com#fragment',
    'http://h.com\\@evil.com',
    'h.com:0',
    'h.com:65536',
    'h.com:x',
    'h..com',
    '-h.com',
    'h.com\r\nx-header: 1',
    'h com',
    'hé.com',
    '2130706433',
    '0x7f.1',
    '127.0.0.1.',
    '[::1',
    '[not-an-ip]',
    'https://https://h.com',
    '//h.com',
  ])('the custom endpoint %j is refused', (endpoint) => {
    expect(() => resolveEndpoint({ region, endpoint })).toThrow('expected http(s)://host[:port]');
  });

  it('no password of a custom endpoint is quoted', () => {
    const quote = (endpoint: string) => () => resolveEndpoint({ region, endpoint });

    expect(quote('https://user:pw-1@h.com')).toThrow('endpoint "https://***@h.com": expected http(s)');
    expect(quote('http://user:pw-1@h.com')).toThrow('endpoint "http://***@h.com": expected http(s)');
    expect(quote('user:pw-1@h.com')).toThrow('endpoint "***@h.com": expected http(s)');
    expect(quote('HTTPS://user:pw\n-1@h.com')).toThrow('endpoint "HTTPS://***@h.com": expected http(s)');
  });

  it.each([
    ['photos.oss-cn-hangzhou.aliyuncs.com', 'oss-cn-hangzhou'],
    ['https://photos.oss-accelerate.aliyuncs.com', 'oss-accelerate'],
    ['photos.cn-hangzhou.oss.aliyuncs.com', 'cn-hangzhou.oss'],
  ])('the custom endpoint %s is refused, which holds a bucket already', (endpoint, plain) => {
    const message = `holds a bucket already: expected ${plain}.aliyuncs.com`;
    expect(() => resolveEndpoint({ region, endpoint })).toThrow(message);
    expect(resolveEndpoint({ region, endpoint, cname: true }).style).toBe('cname');
  });

  it('cname is refused without its domain', () => {
    expect(() => resolveEndpoint({ region, cname: true })).toThrow('cname needs an endpoint');
  });
});

describe('a target', () => {
  const endpoint = resolveEndpoint({ region });

  it.each([
    '',
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    '-abc',
    'abc-',
    'a.b.c',
    'evil.com/',
    'a@b',
    'a:b',
    'abc\n',
    'ab/c',
  ])('the bucket %j is refused before it gets into a host', (bucket) => {
    expect(() => addressOf(endpoint, bucket, 'k')).toThrow('expected 3 to 63');
  });

  it.each(['abc', '1-2', '007', 'a-1', 'a'.repeat(63)])('the bucket %j gets into a host', (bucket) => {
    expect(addressOf(endpoint, bucket, 'k').origin).toBe(`https://${bucket}.oss-cn-hangzhou.aliyuncs.com`);
  });

  it.each(['', '/a', '\\a', 'a\ud800b', 'é'.repeat(512)])('the key %j is refused', (key) => {
    expect(() => addressOf(endpoint, 'photos', key)).toThrow('expected 1 to 1,023 bytes');
  });

  it.each(hostileKeys)('the path that is sent for %j is the one that is signed', (key) => {
    const { path, canonicalUri } = addressOf(endpoint, 'photos', key);

    expect(canonicalUri).toBe(`/photos${path}`);
    expect(decodeURIComponent(path)).toBe(`/${key}`);
  });
});
