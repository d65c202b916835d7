import type { ComponentType } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { DropView } from './drop/drop-view.tsx';
import { t } from './i18n/translate.ts';
import { isConnected, state } from './live.ts';
import { chooseLanguage, chooseTheme, language, type Theme, theme } from './preferences.ts';
import { problem } from './problem.ts';
import { linkTo, route, type View, views } from './route.ts';
import { Icon, type IconName } from './ui/icon.tsx';
import { lazy } from './ui/lazy.tsx';

const components: Record<View, ComponentType> = {
  drop: DropView,
  try: lazy(() => import('./try/try-view.tsx').then(({ TryView }) => TryView)),
  rules: lazy(() => import('./rules/rules-view.tsx').then(({ RulesView }) => RulesView)),
  browse: lazy(() => import('./browse/browse-view.tsx').then(({ BrowseView }) => BrowseView)),
};

/** The frame around every view: navigation, problems of the stack, language and theme. */
export function App() {
  const { view } = route.value;
  const Shown = components[view];
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${t(`nav.${view}`)} – oss-saveas`;
  }, [view, language.value]);
  useEffect(() => {
    // Screen readers announce a change of view, but read the first view from the top.
    if (!isFirst.current) {
      main.current?.focus();
    }
    isFirst.current = false;
  }, [view]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('skipToContent')}
      </button>
      <header class="top">
        <a class="mark" href={linkTo('drop')}>
          <Icon name="mark" /> oss-saveas
        </a>
        <Navigation view={view} />
        <div class="switches">
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </header>
      <Banners />
      <main id="main" ref={main} tabIndex={-1}>
        <Shown />
      </main>
    </>
  );
}

function Navigation({ view }: { view: View }) {
  return (
    <nav aria-label={t('views')}>
      {views.map((name) => (
        <a key={name} href={linkTo(name)} aria-current={name === view ? 'page' : undefined}>
          <Icon name={name} />
          <span>{t(`nav.${name}`)}</span>
        </a>
      ))}
    </nav>
  );
}

function Banners() {
  const { rulesProblem, faults = [] } = state.value ?? {};
  const failure = problem.value;
  return (
    <div class="banners" role="status">
      {failure !== undefined && (
        <p class="banner error">
          {failure}{' '}
          <button type="button" class="small" onClick={() => (problem.value = undefined)}>
            {t('close')}
          </button>
        </p>
      )}
      {!isConnected.value && <p class="banner error">{t('disconnected')}</p>}
      {rulesProblem !== undefined && (
        <p class="banner error">
          {t('rulesBroken')} <a href={linkTo('rules')}>{t('show')}</a>
        </p>
      )}
      {faults.length > 0 && (
        <p class="banner warning">
          {t('faultsOn', { count: faults.length })}{' '}
          <a href={linkTo('browse', { show: 'failures' })}>{t('show')}</a>
        </p>
      )}
    </div>
  );
}

function LanguageSwitch() {
  const isChinese = language.value === 'zh';
  return (
    <button type="button" class="quiet" onClick={() => chooseLanguage(isChinese ? 'en' : 'zh')}>
      <span lang={isChinese ? 'en' : 'zh-CN'}>{isChinese ? 'English' : '中文'}</span>
    </button>
  );
}

const themes: Theme[] = ['auto', 'light', 'dark'];
const themeIcons: Record<Theme, IconName> = { auto: 'auto', light: 'sun', dark: 'moon' };

function ThemeSwitch() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
  const label = t('theme', { theme: t(`theme.${theme.value}`) });
  return (
    <button type="button" class="quiet" title={label} aria-label={label} onClick={() => chooseTheme(next)}>
      <Icon name={themeIcons[theme.value]} />
    </button>
  );
}
