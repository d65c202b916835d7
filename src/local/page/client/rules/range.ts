import type { EditorState } from '@codemirror/state';
import type { Place } from '../../../../check/diagnostic.ts';

/** Finds a place in the editor's text, which may have changed since the check; marks at least a word. */
export function rangeOf(state: EditorState, place: Place | undefined): { from: number; to: number } {
  const text = state.doc;
  if (place === undefined) {
    return { from: 0, to: text.line(1).to };
  }
  const line = text.line(Math.min(Math.max(place.line, 1), text.lines));
  const from = Math.min(line.from + place.column - 1, line.to);
  const end = place.length > 1 ? from + place.length : (state.wordAt(from)?.to ?? from + 1);
  return { from, to: Math.min(end, line.to) };
}
