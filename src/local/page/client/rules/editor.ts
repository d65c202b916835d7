import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Diagnostic } from '../../../../check/diagnostic.ts';
import { completeFrom, type JsonSchema } from './completion.ts';
import { rangeOf } from './range.ts';

interface EditorOptions {
  parent: HTMLElement;
  text: string;
  label: string;
  schema: JsonSchema;
  onChange: (text: string) => void;
  onSave: () => void;
}

/** An editor for rules.yaml. Tab leaves it, as keyboards expect of a page. */
export function createEditor(options: EditorOptions): EditorView {
  const { parent, text, label, schema, onChange, onSave } = options;
  const save = () => {
    onSave();
    return true;
  };
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      EditorView.cspNonce.of(document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''),
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.lineWrapping,
      EditorState.tabSize.of(2),
      lineNumbers(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      yaml(),
      syntaxHighlighting(colours),
      autocompletion({ override: [completeFrom(schema)] }),
      keymap.of([
        { key: 'Mod-s', preventDefault: true, run: save },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          onChange(update.state.doc.toString());
        }
      }),
    ],
  });
}

const severities = { error: 'error', warning: 'warning', note: 'info' } as const;

/** Underlines what the checker found, at its place. */
export function showDiagnostics(editor: EditorView, diagnostics: readonly Diagnostic[]): void {
  const marks = diagnostics.map(({ severity, message, hint, place }) => ({
    ...rangeOf(editor.state, place),
    severity: severities[severity],
    message: hint === undefined ? message : `${message}\n${hint}`,
  }));
  editor.dispatch(setDiagnostics(editor.state, marks));
}

/** Puts the caret at a diagnostic. */
export function goTo(editor: EditorView, { place }: Diagnostic): void {
  const { from, to } = rangeOf(editor.state, place);
  editor.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  editor.focus();
}

/** Replaces the whole text, such as after an edit elsewhere. */
export function setText(editor: EditorView, text: string): void {
  if (editor.state.doc.toString() !== text) {
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }
}

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: 'var(--ink-soft)' },
]);
