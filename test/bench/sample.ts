/** The upload that every measured program is told of, as the native OSS trigger tells it. */
export const source = { bucket: 'photos', key: 'uploads/2026/03/portrait.jpg' };

export const event = {
  events: [
    {
      eventName: 'ObjectCreated:PutObject',
      eventSource: 'acs:oss',
      eventTime: '2026-03-11T06:21:35.000Z',
      eventVersion: '1.0',
      oss: {
        bucket: {
          arn: 'acs:oss:cn-hangzhou:1234567890123456:photos',
          name: source.bucket,
          ownerIdentity: '1',
        },
        object: {
          deltaSize: 122_539,
          eTag: '688A7BF4F233DC9C88A80BF985AB7329',
          key: source.key,
          size: 122_539,
        },
        ossSchemaVersion: '1.0',
        ruleId: 'thumbnail',
      },
      region: 'cn-hangzhou',
      requestParameters: { sourceIPAddress: '198.51.100.7' },
      responseElements: { requestId: '65B0AE3C5C1F3A3930A4C2F0' },
      userIdentity: { principalId: '1' },
    },
  ],
};

/** A token of a usual length: it is a header, and it is signed. */
const securityToken = 'CAISogJ1q6Ft5B2yfSjIr5DbHI'.repeat(28);

export const context = {
  requestId: 'bench',
  region: 'cn-hangzhou',
  credentials: { accessKeyId: 'STS.bench', accessKeySecret: 'bench-secret', securityToken },
  function: { name: 'oss-saveas', handler: 'index.handler', memory: 128, timeout: 60 },
};

export const style = 'image/resize,m_lfit,w_320/format,webp';

/** Rules with that many outputs for the sample. */
export function rulesOf(outputs: number) {
  const w = Array.from({ length: outputs }, (_, i) => 320 + i);
  const target = { key: 'derived/{dir}/{name}-{w}.webp' };
  const output = { style: 'image/resize,m_lfit,w_{w}/format,webp', vary: { w }, target };
  return { rules: [{ name: 'thumbnail', match: { key: 'uploads/**/*.{jpg,png}' }, outputs: [output] }] };
}
