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
  const saving = (from: string | undefined, to: string | undefined, style?: string) =>
    rule({ key: 'uploads/**/*.jpg', bucket: from }, { bucket: to, key: 'derived/{key}' }, style);

  it.each([
    ['eu-photos', 'cn-photos', ['error target-region']],
    ['eu-photos', 'eu-photos', []],
    ['eu-photos', 'unknown', []],
    ['eu-photos', undefined, []],
    [undefined, 'cn-photos', []],
  ])(
    'check refuses a target in another region than the source: from %s to %s',
    async (from, to, expected) => {
      expect((await checkResources([saving(from, to)], resources)).codes).toEqual(expected);
    },
  );

  it('check warns of a style that one of the regions lacks', async () => {
    const { diagnostics } = await checkResources(
      [saving(undefined, undefined, 'image/format,avif')],
      resources,
    );

    expect(diagnostics.filter(({ severity }) => severity === 'warning')).toMatchObject([
      { code: 'style', message: expect.stringContaining('possible only in') },
    ]);
  });

  it('check names the two regions of a target and its source', async () => {
    const { diagnostics } = await checkResources([saving('eu-photos', 'cn-photos')], resources);

    expect(diagnostics).toMatchObject([
      {
        message: 'cn-photos is in cn-hangzhou, eu-photos in eu-central-1: OSS saves within one region only',
        path: ['rules', 0, 'outputs', 0, 'target', 'bucket'],
      },
    ]);
  });
});
