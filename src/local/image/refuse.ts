import { refusals } from '../../style/catalog.ts';
import { badRequest, type OssError } from '../oss/http/errors.ts';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An entry of the catalog's refusals, some of them limits of pictures. */
interface Refusal {
  readonly code: string;
  readonly ec?: string | undefined;
  readonly message: string;
  readonly side?: number;
  readonly area?: number;
}

/** Makes the error that OSS answers with for one of the catalog's refusals. */
export function refuse({ code, ec, message }: Refusal, details?: string): OssError {
  return badRequest(code, details === undefined ? message : `${message} (${details})`, { ec });
}

/** Throws where a side, or the area of all frames together, is above the limit. */
export function checkSize({ width, height }: Size, limit: Refusal, frames = 1): void {
  const { side = Infinity, area = Infinity } = limit;
  if (Math.max(width, height) > side || width * height * frames > area) {
    throw refuse(limit, limit === refusals.rotation ? undefined : `${width}x${height}`);
  }
}

/** Makes the error for an image that cannot be decoded. OSS words it so for WebP; the rest is assumed. */
export function damagedSource(format: string, reason: unknown): OssError {
  const [why] = (reason instanceof Error ? reason.message : String(reason)).split('\n');
  const { damaged, damagedAvif, damagedWebp } = refusals;
  return refuse(format === 'webp' ? damagedWebp : format === 'avif' ? damagedAvif : damaged, why);
}
