import type { OssObject } from '../../../../process.ts';
import type { ObjectDetails } from '../../wire.ts';
import { pictureAddress } from '../server.ts';

interface PictureProps {
  object: OssObject;
  /** Its ETag; absent if the object is no picture, or not known yet. */
  version?: string | undefined;
  alt: string;
  /** The size of the picture, which reserves its place while it loads. */
  pixels?: { width: number; height: number } | undefined;
  /** Neither side has more pixels than this; a picture is never enlarged. */
  sidePx?: number;
}

/** Picks what shows the picture from details; undefined if they are not known, or are not of a picture. */
export function pictureOf(details: ObjectDetails | undefined) {
  return details?.picture && { version: details.eTag, pixels: details.picture };
}

/** A picture of the local OSS, reduced by the local OSS itself. */
export function ObjectPicture({ object, version, alt, pixels, sidePx = 640 }: PictureProps) {
  if (version === undefined) {
    return <div class="picture empty" />;
  }
  const style = `image/resize,m_lfit,w_${sidePx},h_${sidePx}/format,webp`;
  return (
    <div class="picture">
      <img
        key={version}
        src={pictureAddress(object, version, style)}
        alt={alt}
        width={pixels?.width}
        height={pixels?.height}
        loading="lazy"
        decoding="async"
        onError={({ currentTarget }) => currentTarget.style.setProperty('visibility', 'hidden')}
      />
    </div>
  );
}
