import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { wordsOf } from '../problem.ts';

/** A component whose code is loaded when it is first shown. */
export function lazy(load: () => Promise<ComponentType>): ComponentType {
  let loading: Promise<ComponentType> | undefined;
  return function Lazy() {
    const [loaded, setLoaded] = useState<{ component: ComponentType } | { problem: string }>();
    useEffect(() => {
      loading ??= load();
      loading.then(
        (component) => setLoaded({ component }),
        (error: unknown) => setLoaded({ problem: wordsOf(error) }),
      );
    }, []);
    if (loaded === undefined) {
      return <p class="loading">{t('loading')}</p>;
    }
    return 'problem' in loaded ? <p role="alert">{loaded.problem}</p> : <loaded.component />;
  };
}
