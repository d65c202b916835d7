import { fileURLToPath } from 'node:url';

/**
 * The folder of the compiled tools (`build`, in a clone or in an installed package) and of what comes with
 * them: the function in `function/`, the page in `page/` and the program of the local instances.
 */
export function builtDir(): string {
  return fileURLToPath(new URL('.', import.meta.url));
}
