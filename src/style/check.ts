import { didYouMean } from '../did-you-mean.ts';
import { catalog, lookUp } from './catalog.ts';
import { checkAction } from './check-action.ts';
import { checkPictures } from './check-pictures.ts';
import { checkRequest, type Used } from './check-request.ts';
import { parseStyle, type StyleAction, type StyleSegment, type StyleToken } from './parse.ts';
import type { Report, StyleIssue, StyleRequest } from './style-issue.ts';

type Actions = StyleSegment & { kind: 'actions' };

interface Context {
  readonly request: StyleRequest;
  readonly isNested: boolean;
  readonly report: Report;
}

const ranks = { error: 0, warning: 1, info: 2 };

/**
 * Judges any text as an OSS style or process string, offline and without a picture; never throws. Issues come in
 * order of place. Sources: OSS help "Synchronous processing", "Asynchronous processing", "Styles", the EC pages;
 * those of each operation stand in the catalog. Templates have to be rendered first.
 */
export function checkStyle(text: string, request: StyleRequest = {}): StyleIssue[] {
  const issues: StyleIssue[] = [];
  const report = reportInto(issues);
  const [, start = '', legacy] = /^(.*?)(@\d+(?:x\d+)?[a-z].*)$/is.exec(text) ?? [];
  if (legacy === undefined) {
    const used = checkText(text, { report, request, isNested: false });
    checkRequest(used, text, request, report);
  } else {
    const note = ', the old notation of img-* domains, which OSS domains do not understand';
    report('error', { text: legacy, offset: start.length }, 'style', 'one such as image/resize,w_100', note);
  }
  return issues.sort((a, b) => a.offset - b.offset || ranks[a.severity] - ranks[b.severity]);
}

function reportInto(issues: StyleIssue[]): Report {
  return (severity, { offset, text }, message, expected, note = '') => {
    const place = { severity, offset, length: text.length };
    const received = JSON.stringify(text);
    const sentence = `${message}: expected ${expected}, received ${received}${note}`;
    issues.push(
      expected === undefined ? { ...place, message } : { ...place, message: sentence, expected, received },
    );
  };
}

function checkText(text: string, context: Context): Used[] {
  const { segments, problems } = parseStyle(text);
  for (const { offset, length, message } of problems) {
    // An empty last parameter passes (ali-oss live test); what becomes of one in between is not documented.
    const isTolerable = length === 0 && text.slice(offset - 1, offset + 1) === ',,';
    const at = { text: text.slice(offset, offset + length), offset };
    context.report(isTolerable ? 'warning' : 'error', at, message);
  }
  return segments.flatMap((segment, i) => {
    if (segment.kind === 'style') {
      return checkNamedStyle(segment.name, i, context);
    }
    if (segment.actions.length === 0 || segment.category.text === '') {
      return []; // the parser reports it
    }
    return checkActions(segment, i === 0 ? undefined : segments[0], context);
  });
}

/** OSS help, "Styles": 1 to 63 letters, digits, "_", "-", "."; built-in ones are `::name`, asynchronous. */
function checkNamedStyle(name: StyleToken, i: number, { report }: Context): Used[] {
  if (i > 0) {
    report('warning', name, 'a named style is documented only at the start');
  }
  if (name.text !== '' && !/^(::)?[\w.-]{1,63}$/.test(name.text)) {
    report('error', name, 'style/', 'a name of 1 to 63 letters, digits, "_", "-" and "."');
  }
  const mode = name.text.startsWith('::') ? 'async' : 'either';
  return [{ name, label: `style/${name.text}`, operation: { mode } }];
}

function checkActions(segment: Actions, first: StyleSegment | undefined, context: Context): Used[] {
  const { category, actions } = segment;
  const operations = lookUp(catalog, category.text);
  if (operations === undefined) {
    const word = category.text.replace(/^\??x-oss-process=/, '');
    const hint = didYouMean(word, [...Object.keys(catalog), 'style']);
    context.report('warning', category, 'style', `a category of ${Object.keys(catalog).join(', ')}`, hint);
    return [];
  }
  checkSegmentPlace(category, first, context);
  if (category.text === 'image') {
    checkPictures(actions, context.report, context.isNested);
    checkWatermarkImages(actions, context);
  }
  return actions.flatMap((action, i): Used[] => {
    const { name } = action;
    if (name.text === '') {
      return []; // the parser reports it
    }
    const label = `${category.text}/${name.text}`;
    const operation = lookUp(operations, name.text);
    if (operation === undefined) {
      reportUnknownAction(name, category.text, actions[i - 1], context);
      return [];
    }
    checkPlace({ name, label, operation }, i, segment, context);
    checkAction({ operation, action, label, ...context });
    return [{ name, label, operation }];
  });
}

function checkSegmentPlace(category: StyleToken, first: StyleSegment | undefined, { report }: Context): void {
  const { text } = category;
  if (text === 'sys') {
    if (first === undefined) {
      report('warning', category, 'nothing to process stands before sys/…');
    }
  } else if (first?.kind === 'actions' && first.category.text !== text) {
    report('error', category, `${text} cannot follow ${first.category.text}: one category per request`);
  } else if (first !== undefined) {
    report('warning', category, 'only sys/… is documented after "|": actions are chained with "/"');
  }
}

/**
 * EC 0040-00000213 is an image action that does not exist; actions of two categories in one request are refused
 * ("Video snapshots"). What other unknown names are answered with is not documented.
 */
function reportUnknownAction(
  name: StyleToken,
  category: string,
  previous: StyleAction | undefined,
  { report }: Context,
) {
  const params = lookUp(catalog[category], previous?.name.text)?.params;
  const isBase64 = lookUp(params, previous?.parameters.at(-1)?.key?.text)?.type === 'base64';
  const home = Object.keys(catalog).find((other) => other !== 'sys' && lookUp(catalog[other], name.text));
  let hint = didYouMean(name.text, Object.keys(catalog[category] ?? {}));
  if (isBase64) {
    hint = ' (the "/" of Base64 is "_" in its URL-safe form)';
  }
  if (home !== undefined) {
    hint = ` (it belongs to ${home}: one request holds one category)`;
  }
  if (['sys', 'saveas', 'notify'].includes(name.text)) {
    hint = ' (sys/… is joined with "|")';
  }
  const severity = category === 'image' || home !== undefined ? 'error' : 'warning';
  report(severity, name, category, `an action of ${category}`, hint);
}

/** What stands alone, last, or only after certain others ("Synchronous processing", the pages of each action). */
function checkPlace(
  { name, label, operation }: Used,
  i: number,
  { category, actions }: Actions,
  { report }: Context,
) {
  const { alone, last, after = [] } = operation;
  if (alone === true && actions.length > 1) {
    report('error', name, `${label} must be the only action`);
  }
  if (last === true && i < actions.length - 1) {
    report('error', name, `${label} must be the last action`);
  }
  const previous = actions[i - 1]?.name.text;
  if (category.text !== 'image' && previous !== undefined && !after.includes(previous)) {
    const severity = category.text === 'sys' ? 'warning' : 'error';
    report(severity, name, `${label} cannot follow ${category.text}/${previous}: one action per request`);
  }
  // OSS help, "Video stitching": at most 11 videos, the source included.
  if (i === 11 && category.text === 'video') {
    report('error', name, 'at most 11 videos can be joined');
  }
}

/** What the preprocessing of a watermark image may hold. */
const preprocessing = ['resize', 'crop', 'indexcrop', 'rounded-corners', 'rotate'];

/**
 * The images of watermark actions: at most three different ones, and the preprocessing that an image's name may
 * carry (OSS help, "Add watermarks"). What is wrong inside is reported at the value that encodes it.
 */
function checkWatermarkImages(actions: readonly StyleAction[], context: Context): void {
  const seen = new Set<string>();
  for (const { parameters } of actions.filter(({ name }) => name.text === 'watermark')) {
    const at = parameters.find(({ key }) => key?.text === 'image')?.value;
    if (at === undefined) {
      continue;
    }
    const [name = '', process] = Buffer.from(at.text, 'base64url').toString().split('?x-oss-process=');
    if (!seen.has(name) && seen.add(name).size > 3) {
      context.report(
        'error',
        at,
        'at most 3 different watermark images; OSS refuses more with EC 0040-00000026',
      );
    }
    if (process !== undefined) {
      checkPreprocessing(process, at, context);
    }
  }
}

function checkPreprocessing(process: string, at: StyleToken, { report, request }: Context): void {
  const issues: StyleIssue[] = [];
  const used = checkText(process, { request, isNested: true, report: reportInto(issues) });
  const where = `in the preprocessing "${process}"`;
  for (const { severity, message } of issues) {
    report(severity, at, `${where}: ${message}`);
  }
  for (const { name, label } of used.filter(({ name }) => !preprocessing.includes(name.text))) {
    // EC 0040-00000373 and -374 are for these two; that no other is listed makes it doubtful, not refused.
    const severity = ['watermark', 'info'].includes(name.text) ? 'error' : 'warning';
    report(severity, at, `${where}: ${label} is not for watermark images`);
  }
}
