import { effect, signal } from '@preact/signals';

export type Language = 'en' | 'zh';
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
  keep('language', chosen);
}

/** Changes the theme, for the next visit too. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  keep('theme', chosen);
}

function readLanguage(): Language {
  const wishes = [recall('language'), ...navigator.languages].map((wish) => wish?.slice(0, 2));
  return wishes.find((wish): wish is Language => wish === 'en' || wish === 'zh') ?? 'en';
}

function readTheme(): Theme {
  const kept = recall('theme');
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // The browser refuses to keep anything for pages: it is good for this visit.
  }
}

function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
