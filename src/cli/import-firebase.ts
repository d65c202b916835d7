import { parseEnv } from 'node:util';
import { fieldsOf, parseJson, pick, textOf } from '../json.ts';
import { CliError } from './command.ts';
import * as common from './import-rules.ts';

const translated =
  /^(IMG_SIZES|RESIZED_IMAGES_PATH|INCLUDE_PATH_LIST|EXCLUDE_PATH_LIST|IMAGE_TYPE|MAKE_PUBLIC)$/;
const advice = new Map([
  ['OUTPUT_OPTIONS', ', except the quality of JPEG and WebP'],
  ['DELETE_ORIGINAL_FILE', ': the source is kept; a lifecycle rule of the bucket can delete it later'],
  ['DO_BACKFILL', ': for existing pictures run `oss-saveas backfill`'],
  ['IMG_BUCKET', ': the rules are for every bucket that triggers the function; name yours in s.yaml'],
]);

/**
 * Translates the parameters of Firebase's extension "Resize Images" (firebase/extensions,
 * storage-resize-images: README, filters.ts, resize-image.ts). Throws CliError if one has no counterpart.
 */
export function translateFirebase(text: string): common.Translation {
  const params = fieldsOf(parseEnv(text));
  const param = (name: string) => textOf(params[name])?.trim() ?? '';
  const sizes = listOf(param('IMG_SIZES'));
  const folder = common.folderOf(param('RESIZED_IMAGES_PATH'));
  const isSound = sizes.every(
    (size) => /^\d+x\d+$/.test(size) && size.split('x').every((side) => common.isCount(side)),
  );
  const types = listOf(param('IMAGE_TYPE') || 'false');
  const converted = types.filter((type) => common.formats.has(type));
  const isMade = converted.length > 0 || types.includes('false');
  if (sizes.length === 0 || !isSound || !isMade || folder.startsWith('..')) {
    const expected = 'IMG_SIZES such as 200x200,400x400, a RESIZED_IMAGES_PATH below the source';
    throw new CliError(`expected ${expected}, and an IMAGE_TYPE that OSS makes.`);
  }
  const cacheControl = param('CACHE_CONTROL_HEADER');
  const afterSteps = common.afterStepsOf(
    isUnset(cacheControl) ? undefined : cacheControl,
    param('MAKE_PUBLIC') === 'true' ? 'public-read' : undefined,
  );
  const included = listOf(param('INCLUDE_PATH_LIST') || '/').map(pathGlob);
  const folders = folder === '' ? '{dir}' : `{dir}/${common.literalTemplate(folder)}`;
  const outputOf = (size: string, type: string) => ({
    style: styleOf(size, type, param),
    target: { key: `${folders}/{name}_${size}.${common.formats.has(type) ? type : '{ext}'}` },
    ...afterSteps,
  });
  const ruleOf = (name: string, extensions: readonly string[], made: readonly string[]) => ({
    name,
    match: {
      key: included.map((path) => `${path}**/${common.pictureGlob(extensions)}`),
      // The extension recognises its results by a mark in their metadata, the rules by their names.
      exclude: [
        ...sizes.map((size) => `**/*_${size}.*`),
        ...listOf(param('EXCLUDE_PATH_LIST')).map((path) => `${pathGlob(path)}**`),
      ],
    },
    outputs: made.flatMap((type) => sizes.map((size) => outputOf(size, type))),
  });
  // A picture converted to its own type gets the same name as one that keeps its type.
  const kept = common.pictureExtensions.filter((one) => types.includes('false') && !converted.includes(one));
  const rules = [
    ...(converted.length > 0 ? [ruleOf('resize', common.pictureExtensions, converted)] : []),
    ...(kept.length > 0 ? [ruleOf('resize-original-type', kept, ['false'])] : []),
  ];
  const lost = [
    ...types
      .filter((type) => type !== 'false' && !common.formats.has(type))
      .map((type) => `IMAGE_TYPE=${type}`),
    ...Object.keys(params).filter(
      (name) =>
        !translated.test(name) &&
        !isUnset(param(name)) &&
        !(name === 'CACHE_CONTROL_HEADER' && afterSteps.headers !== undefined),
    ),
  ];
  return { rules, notes: lost.map((name) => `${name} has no counterpart${advice.get(name) ?? ''}.`) };
}

function styleOf(size: string, type: string, param: (name: string) => string): string {
  const [width, height] = size.split('x').map(Number);
  const format = common.formats.get(type);
  const quality = pick(parseJson(param('OUTPUT_OPTIONS')), type, 'quality');
  return [
    `image/auto-orient,1/resize,m_lfit,w_${width},h_${height}`,
    ...(format === undefined ? [] : [`format,${format}`]),
    ...(common.isCount(quality, 100) ? [`quality,Q_${quality}`] : []),
  ].join('/');
}

/** The extension's words for a setting that is not used. */
const isUnset = (value: string) => /^(|false|OFF|\{\})$/.test(value);

/** `/users/*` and all below it, as the start of a glob. A star there stands for one folder or several. */
function pathGlob(path: string): string {
  const folders = path.split('/').filter((folder) => folder !== '');
  const globs = folders.map((folder) =>
    folder === '*' ? '*/**' : folder.split('*').map(common.literalGlob).join('*'),
  );
  return globs.map((glob) => `${glob}/`).join('');
}

const listOf = (text: string) =>
  [...new Set(text.split(',').map((item) => item.trim()))].filter((item) => item !== '');
