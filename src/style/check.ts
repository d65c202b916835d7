import { decodeBase64 } from '../base64-text.ts';
import type { Diagnostic, Severity } from '../check/diagnostic.ts';
import { didYouMean } from '../did-you-mean.ts';
import { catalog, lookUp, operationOf, refusals } from './catalog.ts';
import type { OperationContext, StyleContext, StyleRequest } from './check-parameters.ts';
import { checkParameters, ecNote } from './check-parameters.ts';
import { parseStyle, type StyleAction, type StyleSegment, type StyleToken } from './parse.ts';

/**
 * Checks any text as an OSS style or process string, offline and without a picture; never throws. Templates
 * must be rendered first. Diagnostics are in order of place, with their span. Sources: OSS help "Synchronous
 * processing", "Asynchronous processing", "Styles", the EC pages; the catalog names others.
 */
export function checkStyle(text: string, request: StyleRequest = {}): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: StyleContext['report'] = (severity, { offset, text: { length } }, message, hint) => {
    diagnostics.push({ severity, code: 'style', message, hint, path: [], span: { offset, length } });
  };
  const isSaved = request.isSaved === true || text.includes('|sys/');
  checkText(text, { ...request, isSaved, isNested: false, report });
  return diagnostics.sort((a, b) => (a.span?.offset ?? 0) - (b.span?.offset ?? 0));
}

function checkText(text: string, context: StyleContext): void {
  const segments = parseStyle(text);
  for (const segment of segments) {
    checkSegment(segment, segments[0]?.category, context);
  }
}

function checkSegment(segment: StyleSegment, first: StyleToken | undefined, context: StyleContext): void {
  const { category, actions } = segment;
  const { report } = context;
  const name = actions[0]?.name;
  if (name === undefined || category.text === '') {
    report('error', category, `expected category/action such as image/resize, received "${category.text}"`);
    return;
  }
  const isPicture = [first, category].every((one) => one?.text === 'image');
  if (category !== first && category.text !== 'sys' && !isPicture) {
    report('error', category, 'only sys/… may follow "|", and image/… after image/…');
  }
  // OSS help, "Styles".
  if (category.text === 'style' && !/^(::)?[\w.-]{1,63}$/.test(name.text)) {
    report('error', name, 'style/ expects a name of 1 to 63 letters, digits, "_", "-" and "."');
  } else if (lookUp(catalog, category.text) === undefined) {
    const hint = didYouMean(category.text.replace(/^\??x-oss-process=/, ''), Object.keys(catalog));
    report('warning', category, `there is no category "${category.text}"${hint}`);
  } else {
    for (const action of actions) {
      checkAction(action, segment, context);
    }
    checkWatermarkImages(actions, context);
  }
}

function checkAction(action: StyleAction, segment: StyleSegment, context: StyleContext): void {
  const { text } = action.name;
  const category = segment.category.text;
  const operation = operationOf(category, text);
  if (operation !== undefined) {
    const scope = { ...context, operation, label: operation.label ?? `${category}/${text}` };
    checkPlace(action, segment, scope);
    checkParameters(action, scope);
    return;
  }
  // EC 0040-00000213 is for images; "Video snapshots" names two refused categories; no page tells the others.
  const isElsewhere = Object.values(catalog).some((operations) => lookUp(operations, text));
  const hint = didYouMean(text, Object.keys(catalog[category] ?? {}));
  const severity = category === 'image' || isElsewhere ? 'error' : 'warning';
  context.report(severity, action.name, `expected an action of ${category}, received "${text}"${hint}`);
}

/** Checks the place and the request of an operation ("Synchronous processing", the pages of each action). */
function checkPlace(action: StyleAction, { category, actions }: StyleSegment, context: OperationContext) {
  const { label, operation, isNested, isSaved, report } = context;
  const { mode, saveAs, after = [''] } = operation;
  const previous = actions[actions.indexOf(action) - 1]?.name.text ?? '';
  const isMisplaced = category.text !== 'image' && !after.includes(previous);
  const rules: [Severity, boolean | undefined, string][] = [
    ['error', operation.alone && actions.length > 1, 'must be the only action'],
    ['error', operation.last && action !== actions.at(-1), 'must be the last action'],
    ['error', actions.length > (operation.mostActions ?? Infinity), 'takes at most 11 videos'],
    ['error', isMisplaced && previous === '', 'cannot be the first action'],
    ['error', isMisplaced && previous !== '', `cannot follow ${previous}: one action per request`],
    ['error', mode === 'async' && context.mode === 'sync', 'runs in asynchronous requests only'],
    ['warning', mode === 'sync' && context.mode === 'async', 'is documented for synchronous requests only'],
    ['warning', saveAs === 'required' && !isSaved, 'needs "|sys/saveas,o_…"'],
    ['error', saveAs === 'refused' && isSaved, 'cannot be used with sys/saveas'],
    ['error', isNested && !operation.forWatermarks, 'is not for watermark images'],
    ['note', operation.imm, 'needs an IMM project bound to the bucket'],
  ];
  for (const [severity, applies, message] of rules) {
    if (applies) {
      report(severity, action.name, `${label} ${message}`);
    }
  }
}

/** Checks watermark images: how many, and the preprocessing in their names. The place is the value itself. */
function checkWatermarkImages(actions: readonly StyleAction[], context: StyleContext): void {
  const { count, ec } = refusals.watermarkCount;
  const images = new Set<string>();
  const parameters = actions.flatMap(({ name, parameters }) => (name.text === 'watermark' ? parameters : []));
  for (const { value } of parameters.filter(({ key }) => key?.text === 'image')) {
    const [image = '', process] = (decodeBase64(value.text) ?? '').split('?x-oss-process=');
    if (images.add(image).size > count) {
      context.report('error', value, `at most ${count} different watermark images${ecNote(ec)}`);
    }
    // OSS accepts neither addresses nor every format ("Add watermarks", EC 0040-00000027).
    if (/^\w+:\/\/|^[/\\]|\.(gif|svg|avif|hei[cf])$/i.test(image)) {
      const expected = 'the key of a JPG, PNG, BMP, WebP or TIFF in the bucket of the source';
      context.report('warning', value, `watermark images: expected ${expected}, received "${image}"`);
    }
    if (process !== undefined) {
      const report: StyleContext['report'] = (severity, _, message) =>
        context.report(severity, value, `in the preprocessing "${process}": ${message}`);
      checkText(process, { ...context, isNested: true, report });
    }
  }
}
