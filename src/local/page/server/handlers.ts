import pLimit from 'p-limit';
import { z } from 'zod';
import { jsonSchema } from '../../../compile/schema.ts';
import type { OssObject } from '../../../process.ts';
import type { Rule } from '../../../rules/rule-set.ts';
import type { ImageProcessor } from '../../image/contract.ts';
import type { AccessKey } from '../../oss/auth/access-keys.ts';
import type { Faults } from '../../oss/faults/faults.ts';
import type { BucketStore } from '../../oss/operations/operation.ts';
import { samplePictures } from '../../pictures.ts';
import type { RulesUpdate } from '../../stack-events.ts';
import type { Folder, ObjectStory } from '../wire.ts';
import { listDeadLetters, retryDeadLetter } from './dead-letters.ts';
import type { History } from './history.ts';
import { detailsOf, firstObjects, newestPictures, summaryOf } from './objects.ts';
import { renderPicture } from './pictures.ts';
import { objectOf } from './plan.ts';
import { presign } from './presign.ts';
import { json, PageError } from './reply.ts';
import type { PageHandler } from './route.ts';
import { checkText, explainText, readRules, saveRules } from './rules.ts';

export interface PageOptions {
  /** The folder of the built page. */
  assetsDir: string;
  rulesFile: string;
  /** The rules that the function starts with. */
  rules: readonly Rule[];
  /** The bucket for uploads if the first rule names none. */
  defaultBucket: string;
  deadLetterDir: string;
  region: string;
  accessKey: AccessKey;
  store: BucketStore;
  processImage: ImageProcessor;
  faults: Pick<Faults, 'set' | 'describe'>;
  /** Sends an event to the function. */
  enqueue: (event: unknown) => void;
  /** Makes the stack read the rules file again. */
  reload: () => Promise<RulesUpdate>;
  now: () => number;
}

const objectName = { bucket: z.string(), key: z.string() };
const presignBody = z.object({
  ...objectName,
  method: z.enum(['GET', 'PUT', 'DELETE']),
  contentType: z.string(),
});
const textBody = z.object({ text: z.string() });
const saveBody = textBody.extend({ version: z.string() });
const explainBody = textBody.extend(objectName);
const retryBody = z.object({ file: z.string() });

/** All requests of the page; each calls the project's own functions. */
export function createHandlers(
  options: PageOptions,
  history: History,
  onChange: () => void,
): Readonly<Record<string, PageHandler>> {
  const { store, rulesFile, deadLetterDir, faults } = options;
  const inTurn = pLimit(1);
  return {
    'GET objects': ({ query }) =>
      json(firstObjects(store, readFolder(query), Number(query.get('pages') ?? 1))),
    'GET pictures': ({ query }) => json(newestPictures(store, readFolder(query))),
    'GET object': async ({ query }) => {
      const object = readObjectName(query);
      const details = await detailsOf(store, object);
      const story: ObjectStory = { details, history: history.about(object) };
      return json(story);
    },
    'GET picture': ({ query }) =>
      renderPicture(options, readObjectName(query), query.get('version'), parameter(query, 'style')),
    'GET sample': async () => {
      const [picture] = await samplePictures('portrait.jpg');
      return { headers: { 'content-type': 'image/jpeg' }, body: picture?.body ?? '' };
    },
    'POST presign': ({ body }) =>
      json({ url: presign(presignBody.parse(body), { ...options, timeMs: options.now() }) }),

    'GET rules': async () => json(await readRules(rulesFile)),
    'PUT rules': async ({ body }) => {
      const { text, version } = saveBody.parse(body);
      const saved = await inTurn(() => saveRules(rulesFile, text, version));
      await options.reload();
      return json(saved);
    },
    'GET schema': () => json(jsonSchema()),
    'POST check': ({ body }) => json(checkText(textBody.parse(body).text, rulesFile)),
    'POST explain': ({ body }) => {
      const { text, ...object } = explainBody.parse(body);
      return json(explainText(text, summaryOf(store, object) ?? object, options.now()));
    },

    'GET dead-letters': async () => json(await listDeadLetters(deadLetterDir, objectOf)),
    'POST dead-letters': async ({ body }) => {
      await retryDeadLetter(deadLetterDir, retryBody.parse(body).file, options.enqueue);
      onChange();
      return json({});
    },
    'GET faults': () => json(faults.describe()),
    'PUT faults': ({ body }) => {
      faults.set(body);
      onChange();
      return json(faults.describe());
    },
  };
}

function readFolder(query: URLSearchParams): Folder {
  return { bucket: parameter(query, 'bucket'), prefix: query.get('prefix') ?? '' };
}

function readObjectName(query: URLSearchParams): OssObject {
  return { bucket: parameter(query, 'bucket'), key: parameter(query, 'key') };
}

function parameter(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) {
    throw new PageError(400, `Expected the parameter ${name}.`);
  }
  return value;
}
