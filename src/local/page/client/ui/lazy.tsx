import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { readAlong } from '../live.ts';
import { wordsOf } from '../problem.ts';

const Loading = () => <p class="loading">{t('loading')}</p>;

/** A component whose code is loaded when it is shown. If that fails, the next connection tries again. */
export function lazy(load: () => Promise<ComponentType>): ComponentType {
  const shown = signal<ComponentType>(Loading);
  const show = (component: ComponentType) => {
    shown.value = component;
  };
  return function Lazy() {
    useEffect(() => {
      const fail = (error: unknown) => show(() => <p role="alert">{wordsOf(error)}</p>);
      return readAlong({ read: load, take: show, fail });
    }, []);
    return <shown.value />;
  };
}
