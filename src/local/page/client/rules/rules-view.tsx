import type { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RulesCheck } from '../../wire.ts';
import { t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { language } from '../preferences.ts';
import { getFromServer } from '../server.ts';
import { useAnswer } from './answer.ts';
import { ChainGraph } from './chain-graph.tsx';
import type { JsonSchema } from './completion.ts';
import { createEditorState, goTo, setText, showDiagnostics } from './editor.ts';
import { ExplainPanel } from './explain-panel.tsx';
import { Problems } from './problems.tsx';
import { followRules, isEdited, keepMine, rulesFile, save, takeTheirs } from './rules-file.ts';

/** rules.yaml in an editor, with everything that the checker knows about it beside it. */
export function RulesView() {
  const { onDisk, text } = rulesFile.value;
  const { rulesProblem } = state.value ?? {};
  const check = useAnswer<RulesCheck>('check', onDisk && { text });
  const { parent, editor } = useEditor(onDisk !== undefined);
  useEffect(followRules, []);
  useEffect(() => {
    if (editor !== undefined) {
      showDiagnostics(editor, check?.diagnostics ?? []);
    }
  }, [editor, check, language.value]); // The editor's label is in the current language.
  return (
    <div class="rules">
      <section class="editing" aria-labelledby="rules-title">
        <div class="heading">
          <h1 id="rules-title">{onDisk?.file ?? 'rules.yaml'}</h1>
          <Saving />
        </div>
        {rulesProblem !== undefined && <p class="note error">{rulesProblem}</p>}
        <div class="editor" ref={parent} />
        {check && (
          <Problems
            diagnostics={check.diagnostics}
            onSelect={(diagnostic) => editor && goTo(editor, diagnostic)}
          />
        )}
      </section>
      <div class="proof">
        <ExplainPanel text={text} />
        {check && <ChainGraph {...check} />}
      </div>
    </div>
  );
}

/** The editor's state outlives the view, including what can be undone. */
let kept: EditorState | undefined;

/** Opens the editor once the file is read, and updates it with changes from elsewhere. */
function useEditor(isRead: boolean) {
  const parent = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<EditorView>();
  useEffect(() => {
    let isGone = false;
    const open = async () => {
      const schema = await getFromServer<JsonSchema>('schema');
      if (!isGone && parent.current !== null) {
        kept ??= createEditorState(rulesFile.value.text, schema);
        setEditor(new EditorView({ parent: parent.current, state: kept }));
      }
    };
    if (isRead) {
      open();
    }
    return () => {
      isGone = true;
    };
  }, [isRead]);
  useEffect(() => {
    if (editor === undefined) {
      return;
    }
    const stop = effect(() => setText(editor, rulesFile.value.text));
    return () => {
      stop();
      kept = editor.state;
      editor.destroy();
    };
  }, [editor]);
  return { parent, editor };
}

function Saving() {
  const { onDisk, theirs, problem, unsaved, isSaving } = rulesFile.value;
  if (theirs !== undefined) {
    return (
      <p class="note warning" role="alert">
        {t('rules.conflict')}{' '}
        <button type="button" class="small" onClick={() => takeTheirs(theirs)}>
          {t('rules.takeTheirs')}
        </button>{' '}
        <button type="button" class="small" onClick={() => keepMine(theirs)}>
          {t('rules.keepMine')}
        </button>
      </p>
    );
  }
  const hasEdits = isEdited(rulesFile.value);
  const known = isSaving ? 'rules.saving' : hasEdits ? 'rules.edited' : 'rules.clean';
  return (
    <p class="saving-state">
      <span role="status">{unsaved ?? problem ?? t(onDisk === undefined ? 'loading' : known)}</span>
      <button type="button" class="primary" disabled={!hasEdits} onClick={save}>
        {t('rules.save')}
      </button>
    </p>
  );
}
