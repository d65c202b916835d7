import { refusals } from '../../style/catalog.ts';
import { badRequest, type OssError } from '../oss/http/errors.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An entry of the catalog's refusals, some of which are limits of pictures. */
interface Refusal {
  readonly code: string;
  readonly ec?: string | undefined;
  readonly message: string;
  readonly side?: number;
  readonly area?: number;
}

/** Creates the error that OSS answers with for one of the catalog's refusals. */
export function refuse({ code, ec, message }: Refusal, details?: string): OssError {
  return badRequest(code, details === undefined ? message : `${message} (${details})`, { ec });
}

/** Throws if a side, or the area of all frames together, exceeds the limit. */
export function checkSize({ width, height }: Size, limit: Refusal, frames = 1): void {
  const { side = Infinity, area = Infinity } = limit;
  if (Math.max(width, height) > side || width * height * frames > area) {
    throw refuse(limit, limit === refusals.rotation ? undefined : `${width}x${height}`);
  }
}

/** Creates the error for an image that cannot be decoded. OSS's words for WebP; the others are assumed. */
export function damagedSource(format: string, reason: unknown): OssError {
  const [why] = (reason instanceof Error ? reason.message : String(reason)).split('\n');
  const { damaged, damagedAvif, damagedWebp } = refusals;
  const byFormat: Readonly<Record<string, Refusal>> = { webp: damagedWebp, avif: damagedAvif };
  return refuse(byFormat[format] ?? damaged, why);
}
