import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { readAlong } from '../live.ts';
import { wordsOf } from '../problem.ts';

/** A component whose code is loaded when it is shown; where nobody answers, again on the next connection. */
export function lazy(load: () => Promise<ComponentType>): ComponentType {
  return function Lazy() {
    const [loaded, setLoaded] = useState<{ component: ComponentType } | { problem: string }>();
    useEffect(() => {
      const take = (component: ComponentType) => setLoaded({ component });
      const fail = (error: unknown) => setLoaded({ problem: wordsOf(error) });
      return readAlong({ read: load, take, fail });
    }, []);
    if (loaded === undefined) {
      return <p class="loading">{t('loading')}</p>;
    }
    return 'problem' in loaded ? <p role="alert">{loaded.problem}</p> : <loaded.component />;
  };
}
