import { refusals } from '../../style/catalog.ts';
import { badRequest, type OssError } from '../oss/http/errors.ts';

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

/** The error that OSS answers beyond a limit of the catalog. */
export function refuse({ code, ec, message }: Refusal, details?: string): OssError {
  return badRequest(code, details === undefined ? message : `${message} (${details})`, { ec });
}

/** Throws where a side or the area is above the limit; of an animation, the area of all its frames. */
export function checkSize({ width, height }: Size, limit: Refusal, frames = 1): void {
  const { side = Infinity, area = Infinity } = limit;
  if (Math.max(width, height) > side || width * height * frames > area) {
    throw refuse(limit, limit === refusals.rotation ? undefined : `${width}x${height}`);
  }
}

/** The bytes call themselves an image but cannot be decoded. The WebP wording is OSS's; for the others it is assumed. */
export function damagedSource(format: string, reason: unknown): OssError {
  const [why] = (reason instanceof Error ? reason.message : String(reason)).split('\n');
  const { damaged, damagedAvif, damagedWebp } = refusals;
  return refuse(format === 'webp' ? damagedWebp : format === 'avif' ? damagedAvif : damaged, why);
}
