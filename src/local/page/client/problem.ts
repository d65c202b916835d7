import { effect, signal } from '@preact/signals';
import { t } from './i18n/translate.ts';
import { isConnected } from './live.ts';

/** The last thing that went wrong and that no view tells of by itself. */
export const problem = signal<string | undefined>(undefined);

/** Takes what no view has caught, such as an answer of the server that is none of success; drops what is over. */
export function startProblems(): void {
  addEventListener('unhandledrejection', (event) => {
    problem.value = wordsOf(event.reason);
    event.preventDefault();
  });
  effect(() => {
    if (isConnected.value && problem.peek() === t('disconnected')) {
      forget();
    }
  });
}

/** Says what went wrong, for a person. Where nobody answers, a browser's own words are a TypeError ("Failed to fetch"). */
export function wordsOf(error: unknown): string {
  if (error instanceof TypeError) {
    return t('disconnected');
  }
  return error instanceof Error ? error.message : String(error);
}

/** Takes the message of a problem off the page. */
export function forget(): void {
  problem.value = undefined;
}
