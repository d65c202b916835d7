import { signal } from '@preact/signals';
import type { RulesText } from '../../wire.ts';
import { readAlong } from '../live.ts';
import { wordsOf } from '../problem.ts';
import { getFromServer, ServerError, sendToServer } from '../server.ts';

/** rules.yaml as it is on disk and as it is edited here. */
interface RulesFile {
  /** Undefined until the file has been read. */
  onDisk?: RulesText | undefined;
  /** Has line ends like those of the editor. */
  text: string;
  isSaving: boolean;
  /** The file as saved by someone else while it was edited here. */
  theirs?: RulesText | undefined;
  /** The reason why it could not be read. */
  problem?: string | undefined;
  /** The reason why the edits could not be saved. */
  unsaved?: string | undefined;
}

/** The file and its edits outlive the view. */
export const rulesFile = signal<RulesFile>({ text: '', isSaving: false });

/** Whether the text differs from the file on disk. */
export function isEdited({ onDisk, text }: RulesFile): boolean {
  return onDisk !== undefined && toLf(onDisk.text) !== text;
}

/** Reads the file, and reads it again after changes of the rules; the returned function ends that. */
export function followRules(): () => void {
  const readInTurn = () => inTurn(read, (problem) => change({ problem }));
  return readAlong({ read: readInTurn, take: () => {}, concerns: ({ kind }) => kind === 'rules' });
}

/** Records the edited text. */
export function edit(text: string): void {
  change({ text, problem: undefined, unsaved: undefined });
}

/** Saves the text at the time of its turn; anything typed later remains an edit. */
export function save(): void {
  change({ isSaving: true, problem: undefined, unsaved: undefined });
  inTurn(write, (unsaved) => change({ unsaved }));
}

/** Discards the edits made here. */
export function takeTheirs(theirs: RulesText): void {
  change({ onDisk: theirs, text: toLf(theirs.text), theirs: undefined });
}

/** Keeps the edits: the next save overwrites the present file. */
export function keepMine(theirs: RulesText): void {
  change({ onDisk: theirs, theirs: undefined });
}

function change(changes: Partial<RulesFile>): void {
  rulesFile.value = { ...rulesFile.value, ...changes };
  const listen = isEdited(rulesFile.value) ? addEventListener : removeEventListener;
  listen('beforeunload', askToStay);
}

function askToStay(event: Event): void {
  event.preventDefault();
}

let turns = Promise.resolve();

/** Reads and writes one after another, so that no answer describes a file that was saved since. */
function inTurn(step: () => Promise<void>, tell: (words: string) => void): Promise<void> {
  turns = turns.then(step).catch((error: unknown) => tell(wordsOf(error)));
  return turns;
}

/** Uses the file as it is, unless edits would be lost. */
async function read(): Promise<void> {
  const found = await getFromServer<RulesText>('rules');
  const { onDisk, text } = rulesFile.value;
  if (found.version === onDisk?.version) {
    change({ theirs: undefined, problem: undefined });
  } else if (isEdited(rulesFile.value) && toLf(found.text) !== text) {
    change({ theirs: found, problem: undefined });
  } else {
    takeTheirs(found);
  }
}

async function write(): Promise<void> {
  const { onDisk, text: edited } = rulesFile.value;
  const text = onDisk?.text.includes('\r\n') ? edited.replaceAll('\n', '\r\n') : edited;
  try {
    if (onDisk !== undefined) {
      const { version } = onDisk;
      change({ onDisk: await sendToServer<RulesText>('PUT', 'rules', { text, version }) });
    }
  } catch (error) {
    if (!(error instanceof ServerError && error.status === 409)) {
      throw error;
    }
    await read(); // Someone else saved first.
  } finally {
    change({ isSaving: false });
  }
}

function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
