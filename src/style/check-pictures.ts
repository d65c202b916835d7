import { catalog, lookUp } from './catalog.ts';
import type { StyleAction } from './parse.ts';
import { type Bounds, boundsAfter, type ImageAction, sourceBounds } from './picture-bounds.ts';
import type { Report } from './style-issue.ts';

/** Reports what a chain of image actions does that surprises, as far as it shows without the picture. */
export function checkPictures(list: readonly StyleAction[], report: Report, isNested: boolean): void {
  const actions = list.filter(({ name }) => lookUp(catalog.image, name.text) !== undefined).map(readAction);
  let bounds = sourceBounds;
  for (const action of actions) {
    bounds = boundsAfter(action, bounds, report);
  }
  if (isNested) {
    return;
  }
  const format = actions.findLast(({ name }) => name.text === 'format');
  const output = format?.given.value ?? '';
  if (format !== undefined) {
    checkResultSize(format, bounds, report);
  }
  checkAnimation(actions, output, report);
  checkOrder(actions, report);
  const quality = actions.find(({ name }) => name.text === 'quality');
  if (quality !== undefined && ['png', 'bmp', 'tiff'].includes(output)) {
    report('warning', quality.name, `quality is for JPG and WebP results: it has no effect on ${output}`);
  }
}

function readAction({ name, parameters }: StyleAction): ImageAction {
  const byName = new Map(parameters.map(({ key, value }) => [key?.text ?? 'value', value]));
  const given = Object.fromEntries([...byName].map(([key, { text }]) => [key, text]));
  return { name, given, at: (parameter) => byName.get(parameter) ?? name };
}

/** OSS help, "Overview" and "Convert image formats"; EC 0040-00000011 and -014. */
function checkResultSize({ given, at }: ImageAction, { w, h, area, isExact }: Bounds, report: Report): void {
  const over: Readonly<Record<string, string | false>> = {
    webp: Math.max(w, h) > 16_383 && '16,383 pixels a side',
    heic: area > 4096 * 4096 && '4,096 x 4,096 pixels',
    avif: area > 4096 * 2304 && '4,096 x 2,304 pixels',
  };
  const limit = lookUp(over, given.value);
  if (limit === undefined || limit === false) {
    return;
  }
  const message = isExact
    ? `and this result is ${w} x ${h}`
    : 'large sources exceed it: resize with w_ and h_, or l_';
  report(isExact ? 'error' : 'warning', at('value'), `${given.value} allows ${limit}; ${message}`);
}

/** OSS help, "Overview": only resize by w or h, crop and image watermarks keep an animation. */
function checkAnimation(actions: readonly ImageAction[], output: string, report: Report): void {
  if (!['', 'gif', 'webp'].includes(output)) {
    return; // a still picture is what was asked for
  }
  const stilling = actions.find(({ name: { text: name }, given }) => {
    if (name === 'resize') {
      return given.p !== undefined && given.w === undefined && given.h === undefined;
    }
    if (name === 'watermark') {
      return given.text !== undefined;
    }
    return (
      !['crop', 'format'].includes(name) && lookUp(catalog.image, name)?.alone !== true && given.value !== '0'
    );
  });
  if (stilling === undefined) {
    return;
  }
  // Who writes format,gif has animations in mind; elsewhere the source may never be one.
  const severity = output === 'gif' ? 'warning' : 'info';
  report(severity, stilling.name, `an animated source becomes a still picture by ${stilling.name.text}`);
}

/** The order that holds is not always the written one (OSS help, "Auto-rotate", "Convert image formats"). */
function checkOrder(actions: readonly ImageAction[], report: Report): void {
  const geometry = actions.filter(({ name }) =>
    ['resize', 'crop', 'indexcrop', 'rotate'].includes(name.text),
  );
  const [first, last] = [geometry[0]?.name, geometry.at(-1)?.name];
  const orient = actions.find(({ name }) => name.text === 'auto-orient');
  const format = actions.find(({ name }) => name.text === 'format');
  const limit = 'where EXIF turns a picture, sides over 4,096 pixels are refused (EC 0040-00000006)';
  if (first !== undefined && orient === undefined) {
    report('info', first, 'EXIF orientation is applied before this by default; auto-orient,0 keeps it off');
  } else if (orient !== undefined && orient.given.value !== '0') {
    const isLate = first !== undefined && first.offset < orient.name.offset;
    report(
      'info',
      orient.name,
      isLate ? `orientation is applied before ${first.text} all the same; ${limit}` : limit,
    );
  }
  if (format !== undefined && last !== undefined && format.name.offset < last.offset) {
    report('info', format.name, `format is advised after ${last.text}, not before`);
  }
}
