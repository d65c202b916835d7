import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { findUndrawable } from '../../../src/local/image/fonts.ts';
import { failure } from './samples.ts';

vi.mock('node:module', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:module')>()),
  createRequire: () => ({
    resolve: (name: string) => {
      throw new Error(`Cannot find module '${name}'`);
    },
  }),
}));

// Neither does the machine have fonts, nor is the package installed that brings one.
const folder = mkdtempSync(join(tmpdir(), 'no-fonts-'));
writeFileSync(join(folder, 'fonts.conf'), `<fontconfig><dir>${folder}</dir></fontconfig>`);
process.env.FONTCONFIG_FILE = join(folder, 'fonts.conf');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a text watermark without any font', () => {
  it('a text watermark without any font is refused rather than drawn as boxes, Latin too', async () => {
    const ground = sharp({ create: { width: 400, height: 100, channels: 3, background: '#fff' } });

    const error = await failure(await ground.png().toBuffer(), 'image/watermark,text_SGk');

    expect(error).toMatchObject({ code: 'WatermarkError', message: expect.stringContaining('H i') });
  });

  it('a text watermark without any font is seen beforehand, so that a server can say it at start', async () => {
    expect(await findUndrawable('A中', 'wqy-zenhei')).toEqual(['A', '中']);
  });
});
