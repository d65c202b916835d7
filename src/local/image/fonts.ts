import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { fonts, lookUp, refusals } from '../../style/catalog.ts';
import { refuse } from './refuse.ts';

/**
 * Describes a text to sharp, transparent around the ink: in this machine's closest font to OSS's, or in the
 * one that comes along, or in any. Control characters are not allowed in Pango's markup, which is XML, and
 * OSS draws one line. At 72 dpi Pango's points are pixels.
 */
export function describeText(text: string, font: string, size: number, color = '000000', opacity = 100) {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  const xml = line.replace(/[&<]/g, (character) => `&#${character.charCodeAt(0)};`);
  const family = `${lookUp(fonts, font)}, Noto Sans S Chinese, sans ${size}`;
  const markup = `<span foreground="#${color}" alpha="${opacity}%">${xml}</span>`;
  const fontfile = findOwnFont();
  return { text: { text: markup, font: family, rgba: true, dpi: 72, ...(fontfile && { fontfile }) } };
}

/** Finds Noto Sans for Latin and Chinese, in a package of 40 MB that users may leave out. */
function findOwnFont(): string | undefined {
  try {
    const program = createRequire(import.meta.url).resolve('@embedpdf/fonts-sc');
    return join(dirname(program), '..', 'fonts', 'NotoSansHans-Regular.otf');
  } catch {
    return undefined;
  }
}

/** Returns the drawing of a text; undefined if it has no ink. Refuses a text wider than sharp can draw. */
export function whereInked<T>(drawing: Promise<T>): Promise<T | undefined> {
  return drawing.catch((error: unknown) => {
    if (String(error).includes('no text to render')) {
      return undefined;
    }
    throw refuse(refusals.font, String(error));
  });
}

/** Finds the characters that no font here can draw: Pango does not fail, but draws boxes for them. */
export async function findUndrawable(text: string, font: string): Promise<string[]> {
  const characters = [...new Set(text)].filter((character) => !/[\s\p{C}\p{M}]/u.test(character));
  const isBox = await Promise.all(characters.map((character) => isDrawnAsBox(character, font)));
  return characters.filter((_, index) => isBox[index]);
}

/** Compares its frame with that of an unassigned code point whose number is as long. */
async function isDrawnAsBox(character: string, font: string): Promise<boolean> {
  const digits = (character.codePointAt(0) ?? 0).toString(16).length;
  const unassigned = ['\uffff', '\u{1ffff}', '\u{10ffff}'][Math.max(0, digits - 4)] ?? '';
  const [ink, box] = await Promise.all([drawInk(character, font), drawInk(unassigned, font)]);
  if (ink === undefined || box === undefined) {
    return false;
  }
  const { width, height } = box.info;
  const isInside = (side: number, at: number) => at >= 2 && at < side - 2;
  const hasSameFrame = ink.data.every((alpha, at) => {
    const isWithin = isInside(width, at % width) && isInside(height, Math.floor(at / width));
    return isWithin || alpha === box.data[at];
  });
  return hasSameFrame && width === ink.info.width && height === ink.info.height;
}

function drawInk(text: string, font: string) {
  const ink = sharp(describeText(text, font, 40)).extractChannel('alpha');
  return whereInked(ink.raw().toBuffer({ resolveWithObject: true }));
}
