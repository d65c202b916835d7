import { isIP } from 'node:net';
import { encodePath } from './encode.ts';
import { assertBucket, assertKey } from './object-name.ts';

/** The address of a region's requests, and how they name the bucket. */
export interface Endpoint {
  scheme: 'https' | 'http';
  /** Host without bucket, with the port when it is not the scheme's own. */
  host: string;
  /** `virtual`: bucket.host/key · `path`: host/bucket/key · `cname`: host/key, the host means one bucket. */
  style: 'virtual' | 'path' | 'cname';
}

export interface EndpointSettings {
  /** Plain region id, `cn-hangzhou`. */
  region: string;
  /** Instead of the region's own endpoint: `host`, `host:port`, `https://host` or `http://host:port`. */
  endpoint?: string | undefined;
  /** The region's endpoint inside Alibaba Cloud's network (free traffic); ignored beside `endpoint`. */
  internal?: boolean | undefined;
  /** `endpoint` is a domain bound to one bucket. */
  cname?: boolean | undefined;
}

const regionPattern = /^[a-z]{2,}(-[a-z0-9]+)+$/;
const label = '[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?';
const endpointPattern = /^(?:(https?):\/\/)?([^/:[\]]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?\/?$/;
// A last label that starts with a letter: a URL would read the numbers `0x7f.1` and `2130706433` as an IP.
const hostPattern = new RegExp(`^(?:${label}\\.)*(?=[a-z])${label}$`);

/** Throws TypeError on what is no plain region id, such as `oss-cn-hangzhou` and `cn-hangzhou-internal`. */
export function assertRegion(region: string): void {
  const plain = region
    .trim()
    .toLowerCase()
    .replace(/^oss-|-(internal|vpc)$/g, '');
  if (plain !== region || !regionPattern.test(region)) {
    const example = regionPattern.test(plain) ? plain : 'cn-hangzhou';
    throw new TypeError(`region ${JSON.stringify(region)}: expected a plain region id such as ${example}`);
  }
}

/**
 * Endpoint of a region, or the custom one. An IP or `localhost` means path style (nothing can stand before an
 * IP; real OSS refuses path style with SecondLevelDomainForbidden). A custom endpoint without scheme is
 * https. Throws TypeError when region or endpoint is not one: that is where credentials would be sent.
 */
export function resolveEndpoint({ region, endpoint, internal, cname }: EndpointSettings): Endpoint {
  assertRegion(region);
  if (endpoint !== undefined) {
    return parseEndpoint(endpoint, cname);
  }
  if (cname) {
    throw new TypeError('cname needs an endpoint: the domain that is bound to the bucket');
  }
  const host = `oss-${region}${internal ? '-internal' : ''}.aliyuncs.com`;
  return { scheme: 'https', host, style: 'virtual' };
}

function parseEndpoint(endpoint: string, cname = false): Endpoint {
  const [, scheme, name = '', port] = endpointPattern.exec(endpoint.toLowerCase()) ?? [];
  const isAddress = isIP(name.replace(/[[\]]/g, '')) !== 0;
  if ((!isAddress && !hostPattern.test(name)) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    const expected = 'http(s)://host[:port] without user, path or query';
    // A password before the host is not quoted.
    const quoted = JSON.stringify(endpoint.replace(/^(https?:\/\/)?.*@/is, '$1***@'));
    throw new TypeError(`endpoint ${quoted}: expected ${expected}`);
  }
  // A dual-stack endpoint, `{region}.oss.aliyuncs.com`, holds none (OSS help, "Regions and endpoints").
  if (!cname && /^[^.]+\.((oss|s3)[.-][a-z0-9.-]+|[a-z0-9-]+\.oss)\.aliyuncs\.com$/.test(name)) {
    const plain = name.slice(name.indexOf('.') + 1);
    throw new TypeError(`endpoint ${JSON.stringify(endpoint)} holds a bucket already: expected ${plain}`);
  }
  const ownStyle = isAddress || name === 'localhost' ? 'path' : 'virtual';
  return {
    scheme: scheme === 'http' ? 'http' : 'https',
    host: port === undefined ? name : `${name}:${Number(port)}`,
    style: cname ? 'cname' : ownStyle,
  };
}

/**
 * Address of `key`, or of the bucket itself: what is sent (`origin`, `path`) and signed (`canonicalUri`),
 * from one encoding of the key. Throws TypeError on a bucket or key that OSS would not have.
 */
export function addressOf(endpoint: Endpoint, bucket: string, key?: string) {
  assertBucket(bucket);
  if (key !== undefined) {
    assertKey(key);
  }
  const encodedKey = encodePath(key ?? '');
  const canonicalUri = `/${bucket}/${encodedKey}`;
  const host = endpoint.style === 'virtual' ? `${bucket}.${endpoint.host}` : endpoint.host;
  const path = endpoint.style === 'path' ? canonicalUri : `/${encodedKey}`;
  return { origin: `${endpoint.scheme}://${host}`, path, canonicalUri };
}
