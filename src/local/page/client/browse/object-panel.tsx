import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { OssObject } from '../../../../process.ts';
import { isAbout, type ObjectDetails, type ObjectStory } from '../../wire.ts';
import { baseName, formatBytes, formatDate, formatPixels } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { readAlong } from '../live.ts';
import { wordsOf } from '../problem.ts';
import { linkTo, route } from '../route.ts';
import { getFromServer, presignedAddress, request } from '../server.ts';
import { Icon } from '../ui/icon.tsx';
import { ObjectPicture } from '../ui/picture.tsx';
import { Timeline } from './timeline.tsx';

/** Everything about one object, in a dialog over the others. */
export function ObjectPanel({ object }: { object: OssObject }) {
  const { details, history, problem, fail } = useStory(object);
  const dialog = useRef<HTMLDialogElement>(null);
  const close = () => dialog.current?.close(); // This returns the focus.
  useLayoutEffect(() => {
    dialog.current?.showModal();
    return close;
  }, []);
  const leave = () => {
    const { key: _, ...others } = Object.fromEntries(route.value.parameters);
    // If the dialog is gone by now, a link or the browser's history has changed the address already.
    if (dialog.current !== null) {
      location.hash = linkTo('browse', others);
    }
  };
  return (
    <dialog class="object-panel" ref={dialog} onClose={leave} aria-labelledby="object-title">
      <header>
        <h2 id="object-title" tabIndex={-1} autofocus>
          {baseName(object.key)}
        </h2>
        <button type="button" class="quiet" aria-label={t('close')} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {problem !== undefined && (
        <p class="note error" role="alert">
          {problem}
        </p>
      )}
      {details && (
        <>
          {details.picture && (
            <ObjectPicture
              object={object}
              version={details.eTag}
              alt={object.key}
              pixels={details.picture}
              sidePx={960}
            />
          )}
          <p class="mono key">{`oss://${object.bucket}/${object.key}`}</p>
          <DetailsLine details={details} />
          <Actions details={details} onDeleted={close} fail={fail} />
          <Metadata headers={details.headers} />
        </>
      )}
      {history && (
        <>
          {details === undefined && <p class="note">{t('browse.gone')}</p>}
          <h3>{t('browse.timeline')}</h3>
          <Timeline entries={history} object={object} />
        </>
      )}
    </dialog>
  );
}

function DetailsLine({ details }: { details: ObjectDetails }) {
  return (
    <p class="details">
      {details.picture && <span>{formatPixels(details.picture)}</span>}
      <span>{formatBytes(details.sizeBytes)}</span>
      <span>{details.contentType}</span>
      <span>{formatDate(details.lastModifiedMs)}</span>
    </p>
  );
}

interface ActionsProps {
  details: ObjectDetails;
  onDeleted: () => void;
  fail: (error: unknown) => void;
}

function Actions({ details, onDeleted, fail }: ActionsProps) {
  const [isSure, setSure] = useState(false);
  const object = { bucket: details.bucket, key: details.key };
  const download = async () => {
    const link = document.createElement('a');
    link.href = await presignedAddress('GET', object);
    link.download = baseName(object.key);
    link.click();
  };
  const remove = async () => {
    if (!isSure) {
      return setSure(true);
    }
    await request(await presignedAddress('DELETE', object), { method: 'DELETE' });
    onDeleted();
    document.querySelector('main')?.focus(); // The link with the focus disappears with the object.
  };
  return (
    <p class="actions">
      <button type="button" onClick={() => download().catch(fail)}>
        <Icon name="download" /> {t('browse.download')}
      </button>
      {details.picture && (
        <a class="button" href={linkTo('try', object)}>
          <Icon name="try" /> {t('browse.try')}
        </a>
      )}
      <a class="button" href={linkTo('rules', object)}>
        <Icon name="rules" /> {t('browse.explain')}
      </a>
      <button
        type="button"
        class={isSure ? 'danger' : ''}
        onClick={() => remove().catch(fail)}
        onBlur={() => setSure(false)}
      >
        <Icon name="trash" /> {t(isSure ? 'browse.reallyDelete' : 'browse.delete')}
      </button>
    </p>
  );
}

function Metadata({ headers }: { headers: Record<string, string> }) {
  return (
    <details class="metadata">
      <summary>{t('browse.metadata')}</summary>
      <dl>
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Shows what is known about an object, and reads it again shortly after something happened to it. */
function useStory({ bucket, key }: OssObject) {
  const [story, setStory] = useState<ObjectStory>();
  const [problem, setProblem] = useState<string>();
  const fail = (error: unknown) => setProblem(wordsOf(error));
  const take = (answer: ObjectStory) => {
    setStory(answer);
    setProblem(undefined);
  };
  useEffect(() => {
    const read = () => getFromServer<ObjectStory>('object', { bucket, key });
    return readAlong({ read, take, fail, concerns: (entry) => isAbout(entry, { bucket, key }) });
  }, [bucket, key]);
  return { details: story?.details, history: story?.history, problem, fail };
}
