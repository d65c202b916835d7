import { effect, signal } from '@preact/signals';
import { t } from './i18n/translate.ts';
import { isConnected } from './live.ts';

/** The last thing that went wrong and that no view tells of by itself. */
export const problem = signal<string | undefined>(undefined);

/** Takes what no view has caught, such as a failure that the server answers; drops what is over. */
export function startProblems(): void {
  addEventListener('unhandledrejection', (event) => {
    problem.value = wordsOf(event.reason);
    event.preventDefault();
  });
  effect(() => {
    if (isConnected.value && problem.peek() === t('disconnected')) {
      problem.value = undefined;
    }
  });
}

/** Says what went wrong, in words. Browsers call silence a TypeError ("Failed to fetch", "Load failed"). */
export function wordsOf(error: unknown): string {
  if (error instanceof TypeError && /\b(fetch|Load|loading|Importing)\b/.test(error.message)) {
    return t('disconnected');
  }
  return error instanceof Error ? error.message : String(error);
}
