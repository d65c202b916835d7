import { effect, signal } from '@preact/signals';
import { t } from './i18n/translate.ts';
import { isConnected } from './live.ts';

/** The last failure that no view shows itself. */
export const problem = signal<string | undefined>(undefined);

/** Collects errors that no view has caught, such as refusals of the server; drops those that are over. */
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

/** Describes an error in words. No answer is a TypeError in browsers ("Failed to fetch", "Load failed"). */
export function wordsOf(error: unknown): string {
  if (error instanceof TypeError && /\b(fetch|Load|loading|Importing)\b/.test(error.message)) {
    return t('disconnected');
  }
  return error instanceof Error ? error.message : String(error);
}
