import type { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { getFromServer } from '../server.ts';
import type { JsonSchema } from './completion.ts';
import { createEditor, goTo, setText, showDiagnostics } from './editor.ts';
import { ExplainPanel } from './explain-panel.tsx';
import { FeedGraph } from './feed-graph.tsx';
import { Problems } from './problems.tsx';
import { type RulesFile, useRulesCheck, useRulesFile } from './rules-file.ts';

/** rules.yaml in an editor, and beside it everything that the checker knows of it. */
export function RulesView() {
  const file = useRulesFile();
  const check = useRulesCheck(file.onDisk && file.text);
  const editor = useRef<EditorView>(undefined);
  const parent = useEditor(file, editor);
  useEffect(() => {
    if (editor.current !== undefined && check !== undefined) {
      showDiagnostics(editor.current, check.diagnostics);
    }
  }, [check]);
  return (
    <div class="rules">
      <section class="editing" aria-labelledby="rules-title">
        <div class="heading">
          <h1 id="rules-title">{file.onDisk?.file ?? 'rules.yaml'}</h1>
          <Saving file={file} />
        </div>
        {state.value?.rulesProblem !== undefined && <p class="note error">{t('rulesBroken')}</p>}
        <div class="editor" ref={parent} />
        {check && (
          <Problems
            diagnostics={check.diagnostics}
            onSelect={(diagnostic) => editor.current && goTo(editor.current, diagnostic)}
          />
        )}
      </section>
      <div class="proof">
        <ExplainPanel text={file.text} />
        {check && <FeedGraph {...check} />}
      </div>
    </div>
  );
}

/** Opens the editor once the file is read, and gives it what comes from elsewhere. */
function useEditor(file: RulesFile, editor: { current: EditorView | undefined }) {
  const parent = useRef<HTMLDivElement>(null);
  const latest = useRef(file);
  latest.current = file;
  const isRead = file.onDisk !== undefined;
  useEffect(() => {
    let isGone = false;
    const open = async () => {
      const schema = await getFromServer<JsonSchema>('schema');
      if (isGone || parent.current === null) {
        return;
      }
      editor.current = createEditor({
        parent: parent.current,
        text: latest.current.text,
        label: t('rules.editor'),
        schema,
        onChange: (text) => latest.current.edit(text),
        onSave: () => latest.current.save(),
      });
    };
    if (isRead) {
      open();
    }
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = undefined;
    };
  }, [isRead]);
  useEffect(() => {
    if (editor.current !== undefined) {
      setText(editor.current, file.text);
    }
  }, [file.onDisk?.version]);
  return parent;
}

function Saving({ file }: { file: RulesFile }) {
  const { saving } = file;
  if (saving.status === 'conflict') {
    const { theirs } = saving;
    return (
      <p class="note warning" role="alert">
        {t('rules.conflict')}{' '}
        <button type="button" class="small" onClick={() => file.takeTheirs(theirs)}>
          {t('rules.takeTheirs')}
        </button>{' '}
        <button type="button" class="small" onClick={() => file.keepMine(theirs)}>
          {t('rules.keepMine')}
        </button>
      </p>
    );
  }
  return (
    <p class="saving-state">
      <span role="status">{saving.status === 'failed' ? saving.message : t(`rules.${saving.status}`)}</span>
      <button type="button" class="primary" disabled={saving.status === 'clean'} onClick={file.save}>
        {t('rules.save')}
      </button>
    </p>
  );
}
