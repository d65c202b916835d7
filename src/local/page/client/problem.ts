import { signal } from '@preact/signals';

/** The last thing that went wrong and that no view tells of by itself. */
export const problem = signal<string | undefined>(undefined);

/** Takes what no view has caught, such as an answer of the server that is none of success. */
export function startProblems(): void {
  addEventListener('unhandledrejection', (event) => {
    problem.value = event.reason instanceof Error ? event.reason.message : String(event.reason);
    event.preventDefault();
  });
}

/** Takes the message of a problem off the page. */
export function forget(): void {
  problem.value = undefined;
}
