import { useEffect, useState } from 'preact/hooks';
import type { ObjectPage, ObjectSummary } from '../../wire.ts';
import { baseName } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { linkTo } from '../route.ts';
import { getFromServer } from '../server.ts';
import { Picture } from '../ui/picture.tsx';

/** So many pictures are offered; others are chosen in Browse. */
const offered = 24;

interface PictureStripProps {
  /** The picture that is tried, or shall be. */
  chosenKey: string | null;
  onChoose: (object: ObjectSummary) => void;
}

/** Pictures to try a style on: the newest of the folder that uploads go to. */
export function PictureStrip({ chosenKey, onChoose }: PictureStripProps) {
  const pictures = usePictures();
  useEffect(() => {
    const wished = pictures?.find(({ key }) => key === chosenKey) ?? pictures?.[0];
    if (wished !== undefined) {
      onChoose(wished);
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
    <ul class="strip" aria-label={t('try.pictures')}>
      {pictures.map((picture) => (
        <li key={picture.key}>
          <button
            type="button"
            title={picture.key}
            aria-label={baseName(picture.key)}
            aria-pressed={picture.key === chosenKey}
            onClick={() => onChoose(picture)}
          >
            <Picture object={picture} version={picture.eTag} alt="" sidePx={160} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function usePictures(): readonly ObjectSummary[] | undefined {
  const [pictures, setPictures] = useState<readonly ObjectSummary[]>();
  const { bucket, prefix = '' } = state.value?.upload ?? {};
  useEffect(() => {
    const read = async (bucket: string) => {
      const { objects } = await getFromServer<ObjectPage>('objects', { bucket, prefix });
      setPictures(newestPictures(objects));
    };
    if (bucket !== undefined) {
      read(bucket);
    }
  }, [bucket, prefix]);
  return pictures;
}

function newestPictures(objects: readonly ObjectSummary[]): ObjectSummary[] {
  return objects
    .filter(({ contentType }) => contentType.startsWith('image/') && contentType !== 'image/svg+xml')
    .sort((one, other) => other.lastModifiedMs - one.lastModifiedMs)
    .slice(0, offered);
}
