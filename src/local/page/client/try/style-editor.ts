import { useMemo, useRef, useState } from 'preact/hooks';
import type { Diagnostic } from '../../../../check/diagnostic.ts';
import { checkStyle } from '../../../../style/check.ts';
import { actionAt, actionsOf, type Edit } from './style-edit.ts';

/** A style being edited: its text, its diagnostics, its actions, and the action with the caret. */
export function useStyleEditor(first: string) {
  const [text, setText] = useState(first);
  const [caret, setCaret] = useState(first.length);
  const input = useRef<HTMLTextAreaElement>(null);
  const diagnostics = useMemo(() => checkStyle(text, { isSaved: true }), [text]);
  const actions = useMemo(() => actionsOf(text), [text]);
  const selected = actionAt(actions, caret);

  const edit = (change: Edit) => {
    setText(change.text);
    setCaret(change.caret);
  };
  /** Selects a part of the text in the field. */
  const select = (start: number, end: number) => {
    input.current?.focus();
    input.current?.setSelectionRange(start, end);
    setCaret(start);
  };
  /** Replaces the place of a diagnostic with a word. */
  const fix = ({ span }: Diagnostic, word: string) => {
    if (span !== undefined) {
      const { offset, length } = span;
      const changed = text.slice(0, offset) + word + text.slice(offset + length);
      edit({ text: changed, caret: offset + word.length });
      input.current?.focus(); // The button disappears with the diagnostic.
    }
  };
  return { text, diagnostics, actions, selected, input, setText, setCaret, edit, select, fix };
}
