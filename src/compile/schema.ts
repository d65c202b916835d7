import { z } from 'zod';
import { bucketPattern } from '../oss/object-name.ts';
import { keyVariables, parseTemplate } from '../rules/template.ts';
import { choice, fields, flag, list, oneOrMany, parsed, text, whereSound } from './fields.ts';
import { ignoringCase, parseGlob } from './glob.ts';
import { checkOutput, checkRule, checkSubmission } from './outputs.ts';
import { parseSize } from './size.ts';

/*
 * One description of rules.yaml gives its types, the reader that reports every fault with its path, and the
 * JSON Schema for editors. Each check's message is what it expected: "expected {message}, …".
 */

// OSS keys never begin with "/", so a glob that does would silently match nothing.
const globNoun = 'a glob that does not start with "/", such as "uploads/**/*.jpg"';
const glob = parsed(
  text(
    globNoun,
    /^[^/]/,
    'A glob over object keys: *, **, ?, {a,b}, [a-z]. Quote it: YAML reads a leading * or { as its own.',
    'uploads/**/*.{jpg,jpeg,png,webp}',
  ),
  (source) => parseGlob(source),
).transform(({ glob }) => glob);

const bucketNoun = 'a bucket name (3 to 63 of a-z, 0-9 and "-", which neither begins nor ends it)';
const bucket = text(bucketNoun, bucketPattern, 'A bucket name.', 'my-photos');

const sizeNoun = 'a whole number of bytes, or of B, KB, MB or GB such as "20MB"';
const sizeText = text(sizeNoun, /^[0-9]{1,9}(B|KB|MB|GB)$/, 'With its unit; 1 KB is 1,024 bytes.');
const size = (description: string) =>
  z
    .union([
      z.int(sizeNoun).min(0, sizeNoun).meta({ description: 'A number of bytes.' }),
      sizeText.transform(parseSize),
    ])
    .meta({ description })
    .optional();

const contentTypeNoun = 'a content type such as "image/png" or "image/*"';
const contentType = text(
  contentTypeNoun,
  /^[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)$/,
  'A content type; * stands for any subtype.',
  'image/*',
  'image/png',
).transform((type) => type.toLowerCase());

const template = (schema: z.ZodString) => parsed(schema, parseTemplate).transform(({ template }) => template);

const style = template(
  text(
    'a style that begins with image/, video/, audio/, doc/, hls/ or style/',
    /^(image|video|audio|doc|hls|style)\/./,
    'What OSS does to the object: image/…, video/…, audio/…, doc/…, hls/… or style/<name>. ' +
      'Variables of vary are allowed anywhere, others in {b64:…}. No sys/saveas: target says where to save.',
    'image/auto-orient,1/resize,m_lfit,w_{w}/format,webp',
    'style/thumbnail',
  ),
);

const targetKey = template(
  text(
    'a key that does not start with "/" or "\\"',
    /^[^/\\]/,
    `The key to save under. Variables: {${keyVariables.join('}, {')}}, ` +
      'those of vary, and for asynchronous operations {index}.',
    'derived/{dir}/{base}-{w}.webp',
  ),
);

const varyName = text('a name of letters, digits and "_"', /^\w+$/).refine(
  (name) => ![...keyVariables, 'index'].includes(name),
  'a name that is not a variable already',
);
const valueNoun = 'a number or a text';
const varyValue = z.union([z.number(valueNoun), z.string(valueNoun)]);

// OSS help, "PutObject": these are stored with an object, others belong to a request. The function's own
// metadata marks a target as complete.
const standardHeaders = 'cache-control|content-(disposition|encoding|language|type)|expires';
const headerNames = new RegExp(`^(${standardHeaders}|x-oss-meta-(?!oss-saveas$)[a-z0-9-]+)$`, 'i');
const headerNoun =
  'one of Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Content-Type, Expires, ' +
  'or x-oss-meta-… of your own';
const headersNoun = 'one or more headers, each with a text';
const isEachOnce = (headers: object) =>
  new Set(Object.keys(headers).map((name) => name.toLowerCase())).size === Object.keys(headers).length;
const headerName = z.string(headerNoun).refine((name) => headerNames.test(name), headerNoun);
// Non-ASCII characters would be sent as Latin-1 but signed as UTF-8; a line break would begin a header.
const headerValueNoun = 'one line of printable ASCII, neither empty nor beginning or ending in a space';
// A variable would be sent literally, which nobody wants.
const variable = new RegExp(`\\{(${keyVariables.join('|')}|b64:)`);
const headerValue = text(headerValueNoun, /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/).refine(
  (value) => !variable.test(value),
  'no variable (a header is the same for every object)',
);

// OSS help, "Object tagging": letters, digits and spaces of any script, and these characters.
const tagNoun = (characters: string) => `${characters} letters, digits, spaces and + - = . _ : /`;
const tagKey = text(tagNoun('1 to 128'), /^[\p{L}\p{N} +\-=._:/]{1,128}$/u);
const tagValue = text(tagNoun('at most 256'), /^[\p{L}\p{N} +\-=._:/]{0,256}$/u);
const tagsNoun = 'one to ten tags, each a key with a text';
const topicNoun = 'a topic name of 1 to 255 letters, digits, "_" and "-" that begins with a letter or digit';

const outputNoun = 'an object with style, target';
const output = fields(outputNoun, {
  style,
  vary: z
    .record(varyName, list(varyValue, valueNoun), 'variables, each with a list of values')
    .meta({
      description:
        'Own variables and their values: one output for each value, for each combination where several vary.',
      examples: [{ w: [320, 640, 1280] }],
    })
    .optional(),
  target: fields('an object with key', { bucket: bucket.optional(), key: targetKey }).meta({
    description: "Default bucket: the source object's.",
  }),
  refresh: choice(
    ['always', 'missing', 'stale'],
    'Whether to make it again: always; only if the target is missing; or if it is older than the source.',
    { default: 'always' },
  ),
  notify: text(
    topicNoun,
    /^[A-Za-z0-9][\w-]{0,254}$/,
    'The Simple Message Queue topic that is notified when an asynchronous operation (video/convert) ends.',
  ).optional(),
  checkSource: flag('After saving, make it again if the source was replaced in the meantime.'),
  headers: z
    .record(headerName, headerValue, headersNoun)
    .refine((headers) => Object.keys(headers).length > 0, headersNoun)
    .refine(isEachOnce, 'headers each once, in upper or lower case')
    .meta({
      description: `Headers of downloads of the output, and its metadata: ${headerNoun}.`,
      examples: [{ 'Cache-Control': 'public, max-age=31536000' }],
    })
    .optional(),
  tags: z
    .record(tagKey, tagValue, tagsNoun)
    .refine((tags) => Object.keys(tags).length >= 1 && Object.keys(tags).length <= 10, tagsNoun)
    .meta({ description: 'Tags of the output, for lifecycle rules.', examples: [{ kind: 'thumbnail' }] })
    .optional(),
  storageClass: choice(
    ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'],
    "The storage class of the output; default: the bucket's.",
  ),
  acl: choice(
    ['default', 'private', 'public-read', 'public-read-write'],
    "Who may read and write the output; default: the bucket's ACL.",
  ),
  skipLarger: flag('Delete the output again if it has more bytes than its source.'),
});

const match = fields('an object with key', {
  key: oneOrMany(glob, globNoun, 'The objects to process: a glob, or several of which one must match.'),
  exclude: oneOrMany(glob, globNoun, 'Objects to leave out although `key` matches.').optional(),
  ignoreCase: flag('Also takes `.JPG` for `.jpg`, after the folders before the first wildcard.'),
  bucket: oneOrMany(bucket, bucketNoun, 'Default: every bucket that triggers the function.').optional(),
  size: fields('an object with min, max', {
    min: size('The smallest size taken.'),
    max: size('The largest size taken.'),
  }).optional(),
  contentType: oneOrMany(contentType, contentTypeNoun, 'Default: any.').optional(),
}).transform((given) =>
  given.ignoreCase
    ? { ...given, key: given.key.map(ignoringCase), exclude: given.exclude?.map(ignoringCase) }
    : given,
);

const ruleNoun = 'an object with name, match, outputs';
const rule = fields(ruleNoun, {
  name: text(
    'a name of 1 to 64 letters, digits, "_" and "-"',
    /^[A-Za-z0-9_-]{1,64}$/,
    'Names the rule in logs and reports.',
    'thumbnail',
  ),
  match,
  onRemove: choice(
    ['delete'],
    'What happens to the outputs when their source is deleted: they are deleted too; default: they stay.',
  ),
  outputs: list(
    output.superRefine(checkOutput, whereSound).superRefine(checkSubmission, whereSound),
    outputNoun,
  ).meta({ description: 'What is made of each object that matches.' }),
});

export const documentSchema = fields('an object with rules', {
  rules: z
    .array(rule.superRefine(checkRule, whereSound), `a list, each item ${ruleNoun}`)
    .meta({ description: 'Every rule that matches an object applies to it.' }),
  onPermanentFailure: choice(
    ['throw', 'report'],
    'What an invocation does whose failures are all permanent: ' +
      'throw, so that the platform retries and then invokes the destination, or only report.',
    { default: 'throw' },
  ),
});

/** An output and a rule as the schema gives them, before they are compiled. */
export type ParsedOutput = z.output<typeof output>;
export type ParsedRule = z.output<typeof rule>;

/** The JSON Schema (draft-07) of `rules.yaml`, without the checks across fields. */
export function jsonSchema(): object {
  return { title: 'oss-saveas rules', ...z.toJSONSchema(documentSchema, { target: 'draft-7', io: 'input' }) };
}
