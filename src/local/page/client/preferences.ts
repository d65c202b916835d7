import { effect, signal } from '@preact/signals';

type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

export const language = signal<Language>('en');
export const theme = signal<Theme>('auto');

/** Restores language and theme from the last visit or the browser, and saves the user's changes. */
export function startPreferences(): void {
  language.value = readLanguage();
  theme.value = readTheme();
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

/** Changes the language, also for the next visit. */
export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  storage()?.setItem('language', chosen);
}

/** Changes the theme, also for the next visit. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  storage()?.setItem('theme', chosen);
}

function readLanguage(): Language {
  const wishes = [storage()?.getItem('language'), ...navigator.languages].map((wish) => wish?.slice(0, 2));
  return wishes.find((wish): wish is Language => wish === 'en' || wish === 'zh') ?? 'en';
}

function readTheme(): Theme {
  const kept = storage()?.getItem('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

/** Undefined if the browser does not let pages store anything. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
