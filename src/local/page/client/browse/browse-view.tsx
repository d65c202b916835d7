import { t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { linkTo, route } from '../route.ts';
import { DeadLetters } from './dead-letters.tsx';
import { Failures } from './failures.tsx';
import { ObjectPanel } from './object-panel.tsx';
import { Objects } from './objects.tsx';

const parts = ['objects', 'dead-letters', 'failures'] as const;
type Section = (typeof parts)[number];

/** Shows what is stored, what failed for good, and which faults are switched on. */
export function BrowseView() {
  const { parameters } = route.value;
  const shown = parts.find((part) => part === parameters.get('show')) ?? 'objects';
  const bucket = parameters.get('bucket') ?? state.value?.upload.bucket;
  const key = parameters.get('key');
  return (
    <div class="browse">
      <h1 class="visually-hidden">{t('nav.browse')}</h1>
      <nav class="parts" aria-label={t('nav.browse')}>
        {parts.map((part) => (
          <a
            key={part}
            href={linkTo('browse', { show: part })}
            aria-current={part === shown ? 'page' : undefined}
          >
            {t(`browse.${part}`)}
            <Count part={part} />
          </a>
        ))}
      </nav>
      {shown === 'objects' && bucket !== undefined && <Objects bucket={bucket} />}
      {shown === 'dead-letters' && <DeadLetters />}
      {shown === 'failures' && <Failures />}
      {bucket !== undefined && key !== null && (
        // Each object gets its own panel: none is shown or deleted under another one's name.
        <ObjectPanel key={`${bucket}/${key}`} object={{ bucket, key }} />
      )}
    </div>
  );
}

function Count({ part }: { part: Section }) {
  const { deadLetters = 0, faults = [] } = state.value ?? {};
  const count = { objects: 0, 'dead-letters': deadLetters, failures: faults.length }[part];
  return count > 0 ? <span class="count">{count}</span> : null;
}
