import { useEffect, useState } from 'preact/hooks';
import type { DeadLetter } from '../../wire.ts';
import { formatDate } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { readAlong, state } from '../live.ts';
import { linkTo } from '../route.ts';
import { getFromServer, sendToServer } from '../server.ts';
import { Icon } from '../ui/icon.tsx';

/** Events that failed for good; each can be sent to the function again. */
export function DeadLetters() {
  const [letters, setLetters] = useState<readonly DeadLetter[]>();
  const count = state.value?.deadLetters;
  useEffect(() => {
    const read = () => getFromServer<DeadLetter[]>('dead-letters');
    return readAlong({ read, take: setLetters }); // The effect runs again when their count changes.
  }, [count]);
  if (letters?.length === 0) {
    return <p class="note good">{t('letters.none')}</p>;
  }
  return (
    <ul class="letters">
      {letters?.map((letter) => (
        <Letter key={letter.file} {...letter} />
      ))}
    </ul>
  );
}

function Letter({ file, time, attempts, object, error }: DeadLetter) {
  const [isBusy, setBusy] = useState(false);
  const retry = async () => {
    setBusy(true);
    await sendToServer('POST', 'dead-letters', { file }).finally(() => setBusy(false));
    document.querySelector('main')?.focus(); // The button disappears with the letter.
  };
  return (
    <li>
      <div>
        {object && (
          <a class="mono key" href={linkTo('browse', { ...object, show: 'dead-letters' })}>
            {object.key}
          </a>
        )}
        {time !== undefined && attempts !== undefined && (
          <span class="details">
            <span>{formatDate(Date.parse(time))}</span>
            <span>{t('letters.attempts', { attempts })}</span>
          </span>
        )}
        <pre>{error}</pre>
      </div>
      <button type="button" onClick={retry} disabled={isBusy}>
        <Icon name="retry" /> {t('letters.retry')}
      </button>
    </li>
  );
}
