import type { OssObject } from '../../../process.ts';
import { language } from './preferences.ts';

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en');

/** `812 B`, `41.2 KB`, `3.1 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  const digits = power > 0 && value < 100 ? 1 : 0;
  const number = value.toLocaleString(locale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${number} ${units[power]}`;
}

/** `640 ms`, `1.8 s`. */
export function formatDuration(ms: number): string {
  return ms < 1000
    ? `${Math.round(ms)} ms`
    : `${(ms / 1000).toLocaleString(locale(), { maximumFractionDigits: 1 })} s`;
}

/** How much smaller than the source: `−93 %`, or `+12 %` if it grew. It is never `−100 %`. */
export function formatSaving(sizeBytes: number, sourceBytes: number): string {
  const percent = Math.max((sizeBytes / Math.max(sourceBytes, 1) - 1) * 100, -99.9);
  const digits = percent < -99 ? 1 : 0;
  const look = { maximumFractionDigits: digits, signDisplay: 'exceptZero' } as const;
  return `${percent.toLocaleString(locale(), look).replace('-', '−')} %`;
}

/** `800 × 400`. */
export function formatPixels({ width, height }: { width: number; height: number }): string {
  return `${width} × ${height}`;
}

/** `14:05:09`. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString(locale(), { hour12: false });
}

/** `Nov 27, 2026, 2:05 PM`. */
export function formatDate(timeMs: number): string {
  return new Date(timeMs).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' });
}

/** The key of an object, with its bucket if another one is being viewed. */
export function nameFrom(here: OssObject, { bucket, key }: OssObject): string {
  return bucket === here.bucket ? key : `oss://${bucket}/${key}`;
}

/** The last part of a key, including the slash of a folder. */
export function baseName(key: string): string {
  return key.slice(key.lastIndexOf('/', key.length - 2) + 1);
}
