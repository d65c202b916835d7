import sharp from 'sharp';
import { badRequest, invalidValue } from './failures.ts';
import { layer, type Overlay, openOverlay, toOverlay } from './overlay.ts';

export interface TextLook {
  /** OSS's name of a font, see `families`. */
  readonly font: string;
  readonly sizePx: number;
  readonly color: string;
  /** Percent; that of the shadow is of the text's own. */
  readonly opacity: number;
  readonly shadow: number;
  /** Degrees, clockwise. */
  readonly rotate: number;
}

/**
 * The fonts of OSS (OSS help: "Add watermarks") and what to look for on this machine, nearest first. fontconfig takes
 * the generic family at the end, so that text appears wherever any font is installed.
 */
const families: Readonly<Record<string, string>> = {
  'wqy-zenhei': 'WenQuanYi Zen Hei, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans',
  'wqy-microhei': 'WenQuanYi Micro Hei, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans',
  fangzhengshusong: 'FZShuSong-Z01, Noto Serif CJK SC, Songti SC, SimSun, serif',
  fangzhengkaiti: 'FZKai-Z03, Kaiti SC, KaiTi, serif',
  fangzhengheiti: 'FZHei-B01, Noto Sans CJK SC, Heiti SC, SimHei, sans',
  fangzhengfangsong: 'FZFangSong-Z02, STFangsong, FangSong, serif',
  droidsansfallback: 'Droid Sans Fallback, Noto Sans CJK SC, sans',
};

/** Draws one line of text, as large as its ink, with shadow and rotation. */
export async function renderText(text: string, look: TextLook): Promise<Overlay> {
  const ink = await drawInk(text, look, look.color, look.opacity);
  const shadowOpacity = Math.round((look.opacity * look.shadow) / 100);
  const flat = shadowOpacity === 0 ? ink : await addShadow(ink, text, look, shadowOpacity);
  if (look.rotate % 360 === 0) {
    return flat;
  }
  return toOverlay(openOverlay(flat).rotate(look.rotate, { background: '#00000000' }));
}

/** Where the shadow falls is undocumented: assumed black, right below, by a twentieth of the size. */
async function addShadow(ink: Overlay, text: string, look: TextLook, opacity: number): Promise<Overlay> {
  const shadow = await drawInk(text, look, '#000000', opacity);
  const offset = Math.max(1, Math.round(look.sizePx / 20));
  const below = await toOverlay(
    openOverlay(shadow).extend({ left: offset, top: offset, background: '#00000000' }),
  );
  return toOverlay(openOverlay(below).composite([layer(ink, { left: 0, top: 0 })]));
}

async function drawInk(text: string, look: TextLook, color: string, opacity: number): Promise<Overlay> {
  const family = families[look.font];
  if (family === undefined) {
    throw invalidValue(look.font, 'type');
  }
  const markup = `<span foreground="${color}" alpha="${opacity}%">${escapeMarkup(text)}</span>`;
  // At 72 dpi Pango's points are pixels.
  const input = { text: { text: markup, font: `${family} ${look.sizePx}`, rgba: true, dpi: 72 } };
  return toOverlay(sharp(input)).catch((error: Error) => {
    const why = `The text watermark cannot be drawn: ${error.message}. Is a font installed?`;
    throw badRequest('WatermarkError', why);
  });
}

/** Pango markup is XML. Control characters have no place in it; OSS draws one line only. */
function escapeMarkup(text: string): string {
  const line = text.replace(/\p{Cc}/gu, ' ');
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
