import { signal } from '@preact/signals';

export const views = ['drop', 'try', 'rules', 'browse'] as const;
export type View = (typeof views)[number];

/** The view and what it shows: `#/browse?bucket=photos&key=a.jpg`. */
interface ViewAddress {
  view: View;
  parameters: URLSearchParams;
}

/** Every click on a link changes this, even if the view stays the same. */
export const route = signal<ViewAddress>({ view: 'drop', parameters: new URLSearchParams() });

/** Follows the address bar. */
export function startRoute(): void {
  const read = () => {
    route.value = parseHash(location.hash);
  };
  addEventListener('hashchange', read);
  read();
}

function parseHash(hash: string): ViewAddress {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const view = views.find((name) => name === path) ?? 'drop';
  return { view, parameters: new URLSearchParams(query) };
}

/** The address of a view, for links. */
export function linkTo(view: View, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** Updates the address to what the view shows now, without a new entry in the browser's history. */
export function replaceParameters(parameters: Record<string, string>): void {
  history.replaceState(undefined, '', linkTo(route.value.view, parameters));
}
