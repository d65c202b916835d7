import { describe, expect, it } from 'vitest';
import { rule, trigger, useProject } from './check-fixture.ts';

const { checkResources } = useProject();

describe('check, where the functions of s.yaml are in several regions', () => {
  const inRegion = (region: string, bucket: string) => ({
    props: {
      code: './dist',
      region,
      role: 'r',
      triggers: [trigger({ sourceArn: `acs:oss:${region}:1:${bucket}` })],
    },
  });
  const resources = { cn: inRegion('cn-hangzhou', 'cn-photos'), eu: inRegion('eu-central-1', 'eu-photos') };
  it('check warns of a style that one of the regions lacks', async () => {
    const uploads = rule({ key: 'uploads/**/*.jpg' }, { key: 'derived/{key}' }, 'image/format,avif');
    const { diagnostics } = await checkResources([uploads], resources);

    expect(diagnostics.filter(({ severity }) => severity === 'warning')).toMatchObject([
      { code: 'style', message: expect.stringContaining('possible only in') },
    ]);
  });
});
