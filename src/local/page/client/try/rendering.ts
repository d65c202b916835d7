import { useEffect, useState } from 'preact/hooks';
import type { OssObject } from '../../../../process.ts';
import { wordsOf } from '../problem.ts';
import { pictureAddress, request, ServerError } from '../server.ts';

/** The result of a style on a picture. */
export type Rendering =
  | { status: 'none' }
  | { status: 'failed'; message: string }
  | {
      status: 'made';
      url: string;
      sizeBytes: number;
      contentType: string;
      durationMs: number;
      /** Absent if the browser cannot display the format. */
      pixels: { width: number; height: number } | undefined;
    };

/** A picture is made when typing has paused for this long. */
const pauseMs = 250;

/**
 * Renders a style on a picture. Only the newest request counts, and the last result stays until the next is
 * made. An empty style is not rendered.
 */
export function useRendering(object: (OssObject & { eTag: string }) | undefined, style: string) {
  const [rendering, setRendering] = useState<Rendering>({ status: 'none' });
  const [isBusy, setBusy] = useState(false);
  const { bucket, key, eTag } = object ?? {};
  useEffect(() => {
    if (bucket === undefined || key === undefined || eTag === undefined || style === '') {
      setRendering({ status: 'none' });
      return;
    }
    const overtaken = new AbortController();
    const timer = setTimeout(async () => {
      setBusy(true);
      const made = await render(pictureAddress({ bucket, key }, eTag, style), overtaken.signal);
      if (!overtaken.signal.aborted) {
        setRendering(made);
        setBusy(false);
      }
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      overtaken.abort();
      setBusy(false);
    };
  }, [bucket, key, eTag, style]);
  // A result of another picture is not valid for this one.
  useEffect(() => setRendering({ status: 'none' }), [bucket, key, eTag]);
  useEffect(
    () => () => void (rendering.status === 'made' && URL.revokeObjectURL(rendering.url)),
    [rendering],
  );
  return { rendering, isBusy };
}

async function render(address: string, signal: AbortSignal): Promise<Rendering> {
  const startedMs = performance.now();
  try {
    const response = await request(address, { signal });
    const blob = await response.blob();
    const durationMs = performance.now() - startedMs;
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    const pixels = bitmap && { width: bitmap.width, height: bitmap.height };
    bitmap?.close();
    signal.throwIfAborted(); // The URL of an outdated picture would never be revoked.
    return {
      status: 'made',
      url: URL.createObjectURL(blob),
      sizeBytes: blob.size,
      contentType: response.headers.get('x-picture-type') ?? blob.type,
      durationMs,
      pixels,
    };
  } catch (error) {
    const code = error instanceof ServerError && error.code !== undefined ? `${error.code}: ` : '';
    return { status: 'failed', message: `${code}${wordsOf(error)}` };
  }
}
