import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { isPicture, type ObjectList, type ObjectSummary } from '../../wire.ts';
import { baseName, formatBytes } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { pauseMs, readAlong, state } from '../live.ts';
import { linkTo } from '../route.ts';
import { getFromServer } from '../server.ts';
import { ObjectPicture } from '../ui/picture.tsx';

/** The prefix of the listed keys; it outlives the view. */
const prefix = signal('');

/** The objects of a bucket, with a picture for each. */
export function Objects({ bucket }: { bucket: string }) {
  const choose = (name: string) => {
    location.hash = linkTo('browse', { bucket: name });
  };
  return (
    <section aria-label={t('browse.objects')}>
      <p class="place">
        <label>
          {t('bucket')}
          <select value={bucket} onChange={({ currentTarget }) => choose(currentTarget.value)}>
            {state.value?.buckets.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          {t('browse.prefix')}
          <input
            class="mono"
            value={prefix.value}
            spellcheck={false}
            onInput={({ currentTarget }) => {
              prefix.value = currentTarget.value;
            }}
          />
        </label>
      </p>
      <Listing key={bucket} bucket={bucket} prefix={prefix.value} />
    </section>
  );
}

/** The objects of one bucket, and never those of another whose answer comes late. */
function Listing({ bucket, prefix }: { bucket: string; prefix: string }) {
  const { objects, isTruncated, more } = useObjects(bucket, prefix);
  const goOn = () => {
    document.querySelector<HTMLElement>('.tiles:last-of-type li:last-child a')?.focus();
    more(); // The next objects follow the one that has the focus.
  };
  return (
    <>
      {objects?.length === 0 && <p class="note">{t('browse.empty')}</p>}
      {chunksOf(objects ?? []).map((chunk) => (
        <ul class="tiles">
          {chunk.map((object) => (
            <Tile key={object.key} object={object} />
          ))}
        </ul>
      ))}
      {isTruncated && (
        <button type="button" onClick={goOn}>
          {t('browse.more')}
        </button>
      )}
    </>
  );
}

/** Tiles are laid out in chunks as they come into view. Chunks fill whole rows of up to six columns. */
const chunkSize = 60;

function chunksOf(objects: readonly ObjectSummary[]): ObjectSummary[][] {
  const count = Math.ceil(objects.length / chunkSize);
  return Array.from({ length: count }, (_, i) => objects.slice(i * chunkSize, (i + 1) * chunkSize));
}

function Tile({ object }: { object: ObjectSummary }) {
  const { key, sizeBytes } = object;
  const version = isPicture(object.contentType) ? object.eTag : undefined;
  return (
    <li>
      <a href={linkTo('browse', { bucket: object.bucket, key })} title={key}>
        <ObjectPicture object={object} version={version} alt="" sidePx={320} />
        <span class="name">{baseName(key)}</span>
        <span class="details">
          <span class="folder">{key.slice(0, -baseName(key).length)}</span>
          <span>{formatBytes(sizeBytes)}</span>
        </span>
      </a>
    </li>
  );
}

/** The objects under a prefix, as many as requested, read again shortly after a change there. */
function useObjects(bucket: string, prefix: string) {
  const [list, setList] = useState<ObjectList>();
  const [pages, setPages] = useState(1);
  useEffect(() => {
    return readAlong({
      read: () => getFromServer<ObjectList>('objects', { bucket, prefix, pages: String(pages) }),
      take: setList,
      concerns: (entry) => entry.kind === 'event' && entry.object.bucket === bucket,
      firstMs: pauseMs,
    });
  }, [bucket, prefix, pages]);
  return { ...list, more: () => setPages(pages + 1) };
}
