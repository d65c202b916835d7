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
  /** The picture that is tried. */
  chosen: OssObject | undefined;
  /** The picture that shall be tried; in the bucket of uploads where it names none. */
  wished: Partial<OssObject> | undefined;
  onChoose: (object: ObjectSummary) => void;
}

/** Pictures to try a style on: the one that is wished, and the newest of the folder that uploads go to. */
export function PictureStrip({ chosen, wished, onChoose }: PictureStripProps) {
  const { pictures, first } = usePictures(wished) ?? {};
  useEffect(() => {
    const found = chosen === undefined ? first : pictures?.find((picture) => isSame(picture, chosen));
    if (found !== undefined) {
      onChoose(found); // A picture that was replaced since is tried as it is now.
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
  /** Absent where the wished picture is not there. */
  first: ObjectSummary | undefined;
}

function usePictures(wished: Partial<OssObject> | undefined) {
  const [offer, setOffer] = useState<Offer>();
  const { bucket, prefix = '' } = state.value?.upload ?? {};
  useEffect(() => {
    if (bucket === undefined) {
      return;
    }
    const read = async () => {
      const newest = await getFromServer<ObjectSummary[]>('pictures', { bucket, prefix });
      const first = wished === undefined ? newest[0] : await findObject({ bucket, ...wished });
      const others = newest.filter((picture) => first === undefined || !isSame(picture, first));
      return { pictures: first === undefined ? others : [first, ...others], first };
    };
    return readAlong({ read, take: setOffer, concerns: ({ kind }) => kind === 'event' });
  }, [bucket, prefix]);
  return offer;
}
