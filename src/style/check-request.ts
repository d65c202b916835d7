import type { Operation } from './catalog.ts';
import type { StyleToken } from './parse.ts';
import type { Report, StyleRequest } from './style-issue.ts';

/** An operation of the catalog where the text names it. */
export interface Used {
  readonly name: StyleToken;
  /** `category/action` */
  readonly label: string;
  readonly operation: Operation;
}

/** What the request as a whole must be: sent in which way, saved or not, with how many segments. */
export function checkRequest(
  used: readonly Used[],
  text: string,
  request: StyleRequest,
  report: Report,
): void {
  const [saveAs, secondSaveAs] = used.filter(({ label }) => label === 'sys/saveas');
  const notify = used.find(({ label }) => label === 'sys/notify');
  const main = used.filter(({ label }) => !label.startsWith('sys/'));
  const modes = new Set(main.map(({ operation }) => operation.mode));
  const isSaved = saveAs !== undefined || request.isSaved === true;
  for (const operation of main) {
    checkSending(operation, isSaved, request.mode, report);
  }
  if (modes.has('async') && modes.has('sync')) {
    const other = main.find(({ operation }) => operation.mode !== main[0]?.operation.mode);
    if (other !== undefined) {
      report('warning', other.name, 'it mixes synchronous with asynchronous operations');
    }
  }
  if (secondSaveAs !== undefined) {
    report('warning', secondSaveAs.name, 'sys/saveas is given twice');
  }
  if (notify !== undefined && modes.size === 1 && modes.has('sync')) {
    report('warning', notify.name, 'sys/notify is documented for asynchronous requests only');
  }
  const [, , , , fifthPipe] = text.matchAll(/\|/g);
  if (fifthPipe === undefined) {
    return;
  }
  // OSS help, "Error codes"; documented for the old notation, and the new has no use for so many.
  report(
    'error',
    { text: '|', offset: fifthPipe.index },
    'OSS refuses more than four pipes with TooManyPipe',
  );
}

function checkSending(
  { name, label, operation }: Used,
  isSaved: boolean,
  sent: StyleRequest['mode'],
  report: Report,
) {
  const { mode, saveAs } = operation;
  if (mode === 'async' && sent !== 'async') {
    const severity = sent === 'sync' ? 'error' : 'info';
    report(severity, name, `${label} runs asynchronously only: it takes AsyncProcessObject`);
  }
  if (mode === 'sync' && sent === 'async') {
    report('warning', name, `${label} is documented for synchronous requests only: it takes ProcessObject`);
  }
  if (saveAs === 'required' && !isSaved) {
    report('warning', name, `${label} needs "|sys/saveas,o_…"`);
  }
  if (saveAs === 'refused' && isSaved) {
    report('error', name, `${label} cannot be used with sys/saveas`);
  }
}
