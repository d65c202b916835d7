import { useEffect, useState } from 'preact/hooks';
import type { OssObject } from '../../../../process.ts';
import { isSame, type ObjectSummary } from '../../wire.ts';
import { baseName } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { readAlong, state } from '../live.ts';
import { linkTo } from '../route.ts';
import { findObject, getFromServer } from '../server.ts';
import { ObjectPicture } from '../ui/picture.tsx';

interface PictureStripProps {
  /** The picture in use. */
  chosen: OssObject | undefined;
  /** The requested picture; without a bucket, in the bucket of uploads. */
  requested: Partial<OssObject> | undefined;
  onChoose: (object: ObjectSummary) => void;
}

/** Pictures for trying a style: the requested one, and the newest in the folder for uploads. */
export function PictureStrip({ chosen, requested, onChoose }: PictureStripProps) {
  const { pictures, first } = usePictures(requested) ?? {};
  useEffect(() => {
    const found = chosen === undefined ? first : pictures?.find((picture) => isSame(picture, chosen));
    if (found !== undefined) {
      onChoose(found); // If the picture was replaced, the new one is used.
    }
  }, [pictures]);
  if (pictures === undefined) {
    return <p class="loading">{t('loading')}</p>;
  }
  if (pictures.length === 0) {
    return (
      <p class="note">
        {t('try.noPictures')} <a href={linkTo('drop')}>{t('try.dropFirst')}</a>
      </p>
    );
  }
  return (
    <>
      {first === undefined && chosen === undefined && <p class="note">{t('browse.gone')}</p>}
      <ul class="strip" aria-label={t('try.pictures')}>
        {pictures.map((picture) => (
          <li key={`${picture.bucket}/${picture.key}`}>
            <button
              type="button"
              title={picture.key}
              aria-label={baseName(picture.key)}
              aria-pressed={chosen !== undefined && isSame(picture, chosen)}
              onClick={() => onChoose(picture)}
            >
              <ObjectPicture object={picture} version={picture.eTag} alt="" sidePx={160} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface Offer {
  pictures: readonly ObjectSummary[];
  /** Absent if the requested picture does not exist. */
  first: ObjectSummary | undefined;
}

function usePictures(requested: Partial<OssObject> | undefined) {
  const [offer, setOffer] = useState<Offer>();
  const { bucket, prefix = '' } = state.value?.upload ?? {};
  useEffect(() => {
    if (bucket === undefined) {
      return;
    }
    const read = async () => {
      const newest = await getFromServer<ObjectSummary[]>('pictures', { bucket, prefix });
      const first = requested === undefined ? newest[0] : await findObject({ bucket, ...requested });
      const others = newest.filter((picture) => first === undefined || !isSame(picture, first));
      return { pictures: first === undefined ? others : [first, ...others], first };
    };
    return readAlong({ read, take: setOffer, concerns: ({ kind }) => kind === 'event' });
  }, [bucket, prefix]);
  return offer;
}
