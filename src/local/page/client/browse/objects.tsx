import { useEffect, useState } from 'preact/hooks';
import type { ObjectPage, ObjectSummary } from '../../wire.ts';
import { baseName, formatBytes } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { onEntry, state } from '../live.ts';
import { linkTo } from '../route.ts';
import { getFromServer } from '../server.ts';
import { Picture } from '../ui/picture.tsx';

/** The objects of a bucket, a picture each. */
export function Objects({ bucket }: { bucket: string }) {
  const [prefix, setPrefix] = useState('');
  const { objects, next, more } = useObjects(bucket, prefix);
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
            value={prefix}
            spellcheck={false}
            onInput={({ currentTarget }) => setPrefix(currentTarget.value)}
          />
        </label>
      </p>
      {objects?.length === 0 && <p class="note">{t('browse.empty')}</p>}
      {chunksOf(objects ?? []).map((chunk) => (
        <ul key={chunk[0]?.key} class="tiles">
          {chunk.map((object) => (
            <Tile key={object.key} object={object} />
          ))}
        </ul>
      ))}
      {next !== undefined && (
        <button type="button" onClick={more}>
          {t('browse.more')}
        </button>
      )}
    </section>
  );
}

/** Tiles are laid out chunk by chunk as they come into sight. The rows come out even with up to six columns. */
const chunkSize = 60;

function chunksOf(objects: readonly ObjectSummary[]): ObjectSummary[][] {
  const count = Math.ceil(objects.length / chunkSize);
  return Array.from({ length: count }, (_, i) => objects.slice(i * chunkSize, (i + 1) * chunkSize));
}

function Tile({ object }: { object: ObjectSummary }) {
  const { key, sizeBytes } = object;
  return (
    <li>
      <a href={linkTo('browse', { bucket: object.bucket, key })} title={key}>
        <Picture object={object} version={isPicture(object) ? object.eTag : undefined} alt="" sidePx={320} />
        <span class="name">{baseName(key)}</span>
        <span class="facts">
          <span class="folder">{key.slice(0, -baseName(key).length)}</span>
          <span>{formatBytes(sizeBytes)}</span>
        </span>
      </a>
    </li>
  );
}

function isPicture({ contentType }: ObjectSummary): boolean {
  return contentType.startsWith('image/') && contentType !== 'image/svg+xml';
}

/** The objects under a prefix, read again a moment after something changed there. */
function useObjects(bucket: string, prefix: string) {
  const [pages, setPages] = useState<readonly ObjectPage[]>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const read = async () => {
      const page = await getFromServer<ObjectPage>('objects', { bucket, prefix });
      if (!isGone) {
        setPages([page]);
      }
    };
    const readSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(read, 150);
    };
    readSoon();
    const stop = onEntry((entry) => entry.kind === 'event' && entry.object.bucket === bucket && readSoon());
    return () => {
      isGone = true;
      clearTimeout(timer);
      stop();
    };
  }, [bucket, prefix]);
  const next = pages?.at(-1)?.next;
  const more = async () => {
    if (next !== undefined) {
      const page = await getFromServer<ObjectPage>('objects', { bucket, prefix, after: next });
      setPages((known = []) => [...known, page]);
    }
  };
  return { objects: pages?.flatMap(({ objects }) => objects), next, more };
}
