import { fieldsOf, type JsonObject } from '../json.ts';
import { bucketPattern } from '../oss/object-name.ts';
import { CliError } from './command.ts';
import * as common from './import-rules.ts';

const formatOf = (format: unknown) => common.formats.get(String(format).toLowerCase());

const translated =
  /^(size|crop|gravity|format|quality|orientation|bucket|directory|prefix|suffix|template|acl|cacheControl)$/;

/**
 * Translates the config.json of aws-lambda-image (ysugimoto/aws-lambda-image: README.md, doc/DIRECTORY.md).
 * Outputs that would look or be named differently are left out, with a note. Throws CliError if none is left.
 */
export function translateLambda(config: JsonObject): common.Translation {
  const { resizes, reduce, bucket, acl, cacheControl, ...rest } = config;
  const notes = [
    'The prefix and suffix of the S3 trigger are not in config.json: narrow match.key to them.',
    'Without a format an extension stays as it is: jpg does not replace JPG and jpeg.',
    ...Object.keys(rest).map((name) => `${name} has no counterpart.`),
  ];
  const list: unknown[] = Array.isArray(resizes) ? resizes : [];
  const entries = list.map((entry, i): [string, JsonObject] => [`resizes[${i}]`, fieldsOf(entry)]);
  if (reduce !== undefined) {
    entries.unshift(['reduce', fieldsOf(reduce)]);
  }
  const outputs = new Map<string, object>();
  const exclude = new Set<string>();
  for (const [place, own] of entries) {
    const entry: JsonObject = { acl, cacheControl, ...own };
    const style = styleOf(entry);
    const target = targetOf(entry);
    const name = entry.bucket ?? bucket;
    const isBucket = typeof name === 'string' && bucketPattern.test(name);
    const lost = Object.keys(entry).filter((field) => !translated.test(field) && entry[field] !== null);
    notes.push(...lost.map((field) => `${place}.${field} has no counterpart.`));
    if (style === undefined || target === undefined) {
      const reason = style === undefined ? 'style' : 'directory or template';
      notes.push(`${place} is left out: its ${reason} has no counterpart.`);
      continue;
    }
    if (name !== undefined && !isBucket) {
      notes.push(`${place}: no OSS bucket can be named ${name}; add target.bucket.`);
    }
    const afterSteps = common.afterStepsOf(entry.cacheControl, entry.acl);
    if (entry.acl && afterSteps.acl === undefined) {
      notes.push(`${place}.acl has no counterpart.`);
    }
    if (entry.cacheControl && afterSteps.headers === undefined) {
      notes.push(`${place}.cacheControl has no counterpart.`);
    }
    // The tool makes outputs one after another, so the last one under a key stays.
    const saved = { bucket: isBucket ? name : undefined, key: target.key };
    outputs.set(JSON.stringify(saved), { style, target: saved, ...afterSteps });
    exclude.add(target.glob);
  }
  if (outputs.size === 0) {
    throw new CliError(`nothing in it has a counterpart.\n${notes.join('\n')}`);
  }
  const match = { key: `**/${common.pictureGlob()}`, exclude: [...exclude] };
  return { rules: [{ name: 'resize', match, outputs: [...outputs.values()] }], notes };
}

/** The style; undefined if a part of it has no counterpart. */
function styleOf({ size, crop, gravity, format, quality, orientation }: JsonObject): string | undefined {
  const steps = [
    orientation === true ? 'auto-orient,1' : '',
    size === undefined ? '' : resizeOf(String(size)),
    crop === undefined ? '' : cropOf(String(crop), String(gravity ?? 'NorthWest')),
    format === undefined ? '' : formatOf(format) && `format,${formatOf(format)}`,
    quality === undefined ? '' : common.isCount(quality, 100) && `quality,Q_${quality}`,
  ];
  const isWhole = steps.every((step) => typeof step === 'string') && steps.join('') !== '';
  return isWhole ? `image/${steps.filter((step) => step !== '').join('/')}` : undefined;
}

const modes: Readonly<Record<string, string>> = { '^': 'm_mfit', '!': 'm_fixed' };

/** Reads ImageMagick's geometry: small pictures are enlarged to it, unless it ends in `>`. */
function resizeOf(size: string): string | undefined {
  const [, percent] = /^(\d+)%$/.exec(size) ?? [];
  if (percent !== undefined) {
    return common.isCount(percent, 1_000) ? `resize,p_${percent}` : undefined;
  }
  const [, width, height, flag = ''] = /^(\d+)?(?:x(\d+)?)?([\^!>])?$/.exec(size) ?? [];
  const sides = Object.entries({ w: width, h: height }).filter(([, side]) => side !== undefined);
  const mode = modes[flag] ?? 'm_lfit';
  const isSound = sides.length > 0 && sides.every(([, side]) => common.isCount(side));
  const parts = [
    mode,
    ...sides.map(([name, side]) => `${name}_${side}`),
    flag === '>' ? 'limit_1' : 'limit_0',
  ];
  return isSound ? `resize,${parts.join()}` : undefined;
}

/** Offsets have no counterpart: ImageMagick counts from the gravity's edge, OSS always right and down. */
function cropOf(crop: string, gravity: string): string | undefined {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(crop) ?? [];
  const origin = gravity.toLowerCase().replace(/^(n|s)(?:orth|outh)(w|e)(?:est|ast)$/, '$1$2');
  const isSound =
    common.isCount(width) &&
    common.isCount(height) &&
    /^(nw|ne|sw|se|north|south|west|east|center)$/.test(origin);
  return isSound ? `crop,w_${width},h_${height},g_${origin}` : undefined;
}

/** The template of the target's key, and a glob for all keys that it can give. */
function targetOf(entry: JsonObject): { key: string; glob: string } | undefined {
  const { directory = './', prefix = '', suffix = '', format, template } = entry;
  const folder = common.folderOf(`${directory}`);
  const isRelative = /^\.\.?(\/|$)/.test(`${directory}`);
  const extension = formatOf(format)?.replace('tiff', 'tif') ?? '{ext}';
  const start = common.literalTemplate(`${prefix}`);
  const end = common.literalTemplate(`${suffix}`);
  const file = `${start}{name}${end}.${extension}`;
  const files = `${common.literalGlob(`${prefix}`)}*${common.literalGlob(`${suffix}`)}.*`;
  const pathOf = (...parts: string[]) => parts.filter((part) => part !== '').join('/');
  const key = pathOf(isRelative ? '{dir}' : '', common.literalTemplate(folder), file);
  const glob = pathOf(isRelative ? '**' : '', common.literalGlob(folder), folder === '' ? files : '**');
  // Results beside their sources and with the same names could not be told apart from them.
  const isAmbiguous = glob === '**/*.*' || folder.startsWith('..') || `${prefix}${suffix}`.includes('/');
  return template === undefined && !isAmbiguous ? { key, glob } : undefined;
}
