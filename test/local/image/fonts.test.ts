import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { findUndrawable } from '../../../src/local/image/fonts.ts';
import { failure, run } from './samples.ts';

// A machine without fonts, as a slim container is. fontconfig reads this when the first text is drawn.
const folder = mkdtempSync(join(tmpdir(), 'no-fonts-'));
writeFileSync(join(folder, 'fonts.conf'), `<fontconfig><dir>${folder}</dir></fontconfig>`);
process.env.FONTCONFIG_FILE = join(folder, 'fonts.conf');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ground = () =>
  sharp({ create: { width: 400, height: 100, channels: 3, background: '#ffffff' } })
    .png()
    .toBuffer();
const mark = (text: string) => `image/watermark,text_${Buffer.from(text).toString('base64url')},g_nw`;

describe('a text watermark on a machine without fonts', () => {
  it('a text watermark on a machine without fonts is drawn in the font that comes along, Latin and simplified Chinese', async () => {
    const { info } = await sharp(await run(await ground(), `${mark('版权 © 2026 Example，￥100。')},size_20`))
      .trim({ background: '#ffffff' })
      .toBuffer({ resolveWithObject: true });

    expect(info.width).toBeGreaterThan(200);
    expect(info.height).toBeGreaterThan(15);
    expect(await findUndrawable('版权所有，口囗□ÄéßΩя 漢', 'wqy-zenhei')).toEqual([]);
  });

  it('a text watermark on a machine without fonts is refused where no font has its characters, by their names', async () => {
    const error = await failure(await ground(), mark('笑😀𠮷'));

    expect(error).toMatchObject({
      statusCode: 400,
      code: 'WatermarkError',
      message: expect.stringMatching(/😀 𠮷/u),
    });
    expect(String(error)).not.toContain('笑');
  });

  it('a text watermark on a machine without fonts may hold what is invisible: blanks, joiners, line breaks', async () => {
    expect(await findUndrawable('a \n\u200d\u00ad\u3000', 'wqy-zenhei')).toEqual([]);
  });
});
