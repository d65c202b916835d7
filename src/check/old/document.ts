import { keyVariables, parseTemplate } from '../../rules/template.ts';
import { parseGlob } from './glob.ts';
import {
  array,
  choice,
  either,
  type Infer,
  type JsonSchema,
  number,
  object,
  oneOrMany,
  optional,
  record,
  refine,
  text,
  toJsonSchema,
} from './schema.ts';

const globSchema = refine(
  // OSS keys never begin with "/", so a glob that does would match nothing, silently.
  text({
    description:
      'A glob over object keys: *, **, ?, {a,b}, [a-z]. Quote it: YAML reads a leading * or { as its own.',
    expected: 'a glob that does not start with "/", such as "uploads/**/*.jpg"',
    examples: ['uploads/**/*.{jpg,jpeg,png,webp}'],
    pattern: /^[^/]/,
  }),
  (source) => {
    const parsed = parseGlob(source);
    return parsed.ok ? { ok: true, value: parsed.glob } : parsed;
  },
);

const bucketSchema = text({
  description: 'A bucket name.',
  expected: 'a bucket name (3 to 63 of a-z, 0-9 and "-", which neither begins nor ends it)',
  examples: ['my-photos'],
  pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
});

const bytesPerUnit = new Map([
  ['B', 1],
  ['KB', 1024],
  ['MB', 1024 ** 2],
  ['GB', 1024 ** 3],
]);

const sizeTextSchema = refine(
  text({
    description: 'A whole number of B, KB, MB or GB; 1 KB is 1,024 bytes.',
    expected: 'a size such as "20MB"',
    pattern: /^[0-9]{1,9}(B|KB|MB|GB)$/,
  }),
  (size) => {
    const unit = size.replace(/[0-9]+/, '');
    return { ok: true, value: Number.parseInt(size, 10) * (bytesPerUnit.get(unit) ?? 1) };
  },
);
const bytesSchema = number({
  description: 'A number of bytes.',
  expected: 'a whole number of bytes',
  minimum: 0,
});
const sizeSchema = (description: string) => optional(either(bytesSchema, sizeTextSchema, description));

const contentTypeSchema = refine(
  text({
    description: 'A content type; * stands for any subtype.',
    expected: 'a content type such as "image/png" or "image/*"',
    examples: ['image/*', 'image/png'],
    pattern: /^[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)$/,
  }),
  (type) => ({ ok: true, value: type.toLowerCase() }),
);

function readTemplate(source: string) {
  const parsed = parseTemplate(source);
  return parsed.ok ? { ok: true as const, value: parsed.template } : parsed;
}

const styleSchema = refine(
  text({
    description:
      'What OSS does to the object: image/…, video/…, audio/…, doc/…, hls/… or style/<name>. ' +
      'Variables of vary may stand anywhere, all others inside {b64:…}. Without sys/saveas: target says where to save.',
    expected: 'a style that begins with image/, video/, audio/, doc/, hls/ or style/',
    examples: ['image/auto-orient,1/resize,m_lfit,w_{w}/format,webp', 'style/thumbnail'],
    pattern: /^(image|video|audio|doc|hls|style)\/./,
  }),
  readTemplate,
);

const targetKeySchema = refine(
  text({
    description: `The key to save under. Variables: {${keyVariables.join('}, {')}} and those of vary.`,
    expected: 'a key that does not start with "/" or "\\"',
    examples: ['derived/{dir}/{name}-{w}.webp'],
    pattern: /^[^/\\]/,
  }),
  readTemplate,
);

const varyNameSchema = refine(
  text({ description: 'A variable.', expected: 'a name of letters, digits and "_"', pattern: /^\w+$/ }),
  (name) =>
    keyVariables.some((known) => known === name)
      ? { ok: false, expected: `a name that is not a variable already`, received: JSON.stringify(name) }
      : { ok: true, value: name },
);
const varyValueSchema = either(
  number({ description: 'A number.', expected: 'a number' }),
  text({ description: 'A text.', expected: 'a text' }),
  'A value of the variable.',
);

const outputSchema = object({
  style: styleSchema,
  vary: optional(
    record(varyNameSchema, array(varyValueSchema, { minItems: 1 }), {
      description:
        'Own variables and their values: one output for each value, for each combination where several vary.',
      expected: 'variables, each with a list of values',
      examples: [{ w: [320, 640, 1280] }],
    }),
  ),
  target: object(
    { bucket: optional(bucketSchema), key: targetKeySchema },
    { description: "Default bucket: the source object's." },
  ),
  refresh: optional(
    choice(
      ['always', 'missing', 'stale'],
      'Whether to make it again: always; only if the target is missing; or if it is older than the source.',
    ),
  ),
  checkSource: optional(
    choice([false, true], 'After saving, make it again if the source was replaced in the meantime.'),
  ),
});

const matchSchema = object({
  key: oneOrMany(globSchema, 'The objects to process: a glob, or several of which one must match.'),
  exclude: optional(
    oneOrMany(globSchema, 'Objects to leave out although `key` matches: one glob or several.'),
  ),
  bucket: optional(
    oneOrMany(bucketSchema, 'One bucket or several; default: every bucket that triggers the function.'),
  ),
  size: optional(
    object({ min: sizeSchema('The smallest size taken.'), max: sizeSchema('The largest size taken.') }),
  ),
  contentType: optional(oneOrMany(contentTypeSchema, 'One content type or several; default: any.')),
});

const ruleSchema = object({
  name: text({
    description: 'Names the rule in logs and reports.',
    expected: 'a name of 1 to 64 letters, digits, "_" and "-"',
    examples: ['thumbnail'],
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
  }),
  match: matchSchema,
  outputs: array(outputSchema, { description: 'What is made of each object that matches.', minItems: 1 }),
});

export const documentSchema = object({
  rules: array(ruleSchema, { description: 'Every rule that matches an object applies to it.', minItems: 0 }),
  onPermanentFailure: optional(
    choice(
      ['throw', 'report'],
      'What an invocation does whose failures are all permanent: throw, so that the platform retries and then tells the destination, or only report.',
    ),
  ),
});

export type RuleDocument = Infer<typeof ruleSchema>;
export type OutputDocument = Infer<typeof outputSchema>;

/** The JSON Schema (draft-07) of `rules.yaml`; what spans several fields is left to `parseRules`. */
export function jsonSchema(): JsonSchema {
  return toJsonSchema(documentSchema, 'oss-saveas rules');
}
