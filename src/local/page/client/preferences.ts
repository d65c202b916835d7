import { effect, signal } from '@preact/signals';

type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

export const language = signal<Language>('en');
export const theme = signal<Theme>('auto');

/** Takes language and theme from the last visit, else from the browser, and keeps what the person changes. */
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

/** Changes the language, for the next visit too. */
export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  storage()?.setItem('language', chosen);
}

/** Changes the theme, for the next visit too. */
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

/** Absent where the browser refuses to keep anything for pages. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
