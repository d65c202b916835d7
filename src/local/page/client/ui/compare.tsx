import { useState } from 'preact/hooks';
import { t } from '../i18n/translate.ts';

interface CompareProps {
  before: string;
  /** Absent while there is nothing to compare. */
  after: string | undefined;
  isBusy: boolean;
}

/** Two pictures on top of each other, with a slider between them. */
export function Compare({ before, after, isBusy }: CompareProps) {
  const [position, setPosition] = useState(50);
  const [ratio, setRatio] = useState(1.5);
  return (
    <div class="compare" aria-busy={isBusy} style={{ '--position': `${position}%`, '--ratio': ratio }}>
      <img
        class="before"
        src={before}
        alt={t('before')}
        onLoad={({ currentTarget }) => setRatio(currentTarget.naturalWidth / currentTarget.naturalHeight)}
      />
      {after !== undefined && (
        <>
          <img class="after" src={after} alt={t('after')} />
          <span class="handle" aria-hidden="true" />
          <span class="label left" aria-hidden="true">
            {t('before')}
          </span>
          <span class="label right" aria-hidden="true">
            {t('after')}
          </span>
          <input
            type="range"
            min={0}
            max={100}
            value={position}
            aria-label={t('compare')}
            onInput={({ currentTarget }) => setPosition(Number(currentTarget.value))}
          />
        </>
      )}
    </div>
  );
}
