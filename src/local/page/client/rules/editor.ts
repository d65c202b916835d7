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
import { t } from '../i18n/translate.ts';
import { completeFrom, type JsonSchema } from './completion.ts';
import { rangeOf } from './range.ts';
import { edit, save } from './rules-file.ts';

/** Creates the state of an editor for rules.yaml. Tab leaves it, as keyboard users expect of a page. */
export function createEditorState(text: string, schema: JsonSchema): EditorState {
  const run = () => {
    save();
    return true;
  };
  return EditorState.create({
    doc: text,
    extensions: [
      EditorView.cspNonce.of(document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''),
      EditorView.contentAttributes.of(() => ({ 'aria-label': t('rules.editor'), tabindex: '0' })),
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
        { key: 'Mod-s', preventDefault: true, run },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          edit(update.state.doc.toString());
        }
      }),
    ],
  });
}

const severities = { error: 'error', warning: 'warning', note: 'info' } as const;

/** Underlines the places that the checker reported. */
export function showDiagnostics(editor: EditorView, diagnostics: readonly Diagnostic[]): void {
  const marks = diagnostics.map(({ severity, message, hint, place }) => ({
    ...rangeOf(editor.state, place),
    severity: severities[severity],
    message: hint === undefined ? message : `${message}\n${hint}`,
  }));
  editor.dispatch(setDiagnostics(editor.state, marks));
}

/** Puts the caret at the place of a diagnostic. */
export function goTo(editor: EditorView, { place }: Diagnostic): void {
  const { from, to } = rangeOf(editor.state, place);
  editor.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  editor.focus();
}

/** Replaces the text, such as after an edit elsewhere. The caret stays where both texts are equal. */
export function setText(editor: EditorView, text: string): void {
  const known = editor.state.doc.toString();
  let [from, to, end] = [0, known.length, text.length];
  while (from < Math.min(to, end) && known[from] === text[from]) {
    from += 1;
  }
  while (Math.min(to, end) > from && known[to - 1] === text[end - 1]) {
    to -= 1;
    end -= 1;
  }
  if (known !== text) {
    editor.dispatch({ changes: { from, to, insert: text.slice(from, end) } });
  }
}

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: [tags.punctuation, tags.separator, tags.bracket], color: 'var(--ink-soft)' },
]);
