import { useEffect, useRef, useState } from 'preact/hooks';
import type { RulesCheck, RulesText } from '../../wire.ts';
import { onEntry } from '../live.ts';
import { wordsOf } from '../problem.ts';
import { getFromServer, ServerError, sendToServer } from '../server.ts';

type SaveState =
  | { status: 'clean' | 'edited' | 'saving' }
  /** Somebody saved the file elsewhere while it was edited here. */
  | { status: 'conflict'; theirs: RulesText }
  | { status: 'failed'; message: string };

/** rules.yaml as it is on disk and as it is edited here. */
export interface RulesFile {
  onDisk: RulesText | undefined;
  text: string;
  saving: SaveState;
  edit(text: string): void;
  save(): void;
  /** Drops the edits made here. */
  takeTheirs(theirs: RulesText): void;
  /** Keeps the edits: the next save overwrites what is on disk now. */
  keepMine(theirs: RulesText): void;
}

/** Reads the file, saves it, and follows edits that are made elsewhere. */
export function useRulesFile(): RulesFile {
  const [onDisk, setOnDisk] = useState<RulesText>();
  const [text, setText] = useState('');
  const [saving, setSaving] = useState<SaveState>({ status: 'clean' });
  const latest = useRef({ onDisk, text });
  latest.current = { onDisk, text };

  const takeTheirs = (theirs: RulesText) => {
    setOnDisk(theirs);
    setText(theirs.text);
    setSaving({ status: 'clean' });
  };
  /** Takes the file as it is, unless there are edits that would be lost. */
  const read = async () => {
    const theirs = await getFromServer<RulesText>('rules');
    const { onDisk: known, text: mine } = latest.current;
    const isEdited = known !== undefined && known.text !== mine && theirs.text !== mine;
    if (known?.version !== theirs.version) {
      isEdited ? setSaving({ status: 'conflict', theirs }) : takeTheirs(theirs);
    }
  };
  const fail = (error: unknown) => setSaving({ status: 'failed', message: wordsOf(error) });
  const save = async (version: string) => {
    setSaving({ status: 'saving' });
    await sendToServer<RulesText>('PUT', 'rules', { text, version }).then(takeTheirs, (error: unknown) => {
      if (error instanceof ServerError && error.status === 409) {
        return read(); // Somebody else was faster.
      }
      return fail(error);
    });
  };
  useEffect(() => {
    read().catch(fail);
    return onEntry(({ kind }) => kind === 'rules' && read().catch(fail));
  }, []);
  return {
    onDisk,
    text,
    saving,
    edit: (edited) => {
      setText(edited);
      setSaving({ status: edited === onDisk?.text ? 'clean' : 'edited' });
    },
    save: () => void (onDisk && save(onDisk.version).catch(fail)),
    takeTheirs,
    keepMine: (theirs) => {
      setOnDisk(theirs);
      setSaving({ status: 'edited' });
    },
  };
}

/** The checker's answer about a text, a moment after the last change; the previous answer until then. */
export function useRulesCheck(text: string | undefined): RulesCheck | undefined {
  const [check, setCheck] = useState<RulesCheck>();
  useEffect(() => {
    if (text === undefined) {
      return;
    }
    let isOvertaken = false;
    const timer = setTimeout(async () => {
      const answer = await sendToServer<RulesCheck>('POST', 'check', { text });
      if (!isOvertaken) {
        setCheck(answer);
      }
    }, 200);
    return () => {
      isOvertaken = true;
      clearTimeout(timer);
    };
  }, [text]);
  return check;
}
