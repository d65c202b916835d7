import { fieldsOf, textOf } from '../../../json.ts';
import type { ObjectTag } from '../store/object.ts';
import { badRequest } from './errors.ts';
import { listOf, readXml } from './xml.ts';

/** `x-oss-tagging`: `key=value&key=value`, each part escaped as in a form. */
export function parseTagging(text: string): ObjectTag[] {
  return checkTags([...new URLSearchParams(text)].map(([key, value]) => ({ key, value })));
}

/** The body of PutObjectTagging: `<Tagging><TagSet><Tag><Key/><Value/></Tag>…`. */
export function parseTaggingBody(body: Buffer): ObjectTag[] {
  const { TagSet } = readXml(body, 'Tagging');
  const tags = listOf(fieldsOf(TagSet).Tag).map(fieldsOf);
  return checkTags(tags.map(({ Key, Value }) => ({ key: textOf(Key) ?? '', value: textOf(Value) ?? '' })));
}

/** Documented: OSS help "Object tagging": 10 tags, keys of 1 to 128 and values of up to 256 characters, a key only once. */
function checkTags(tags: ObjectTag[]): ObjectTag[] {
  const isSound = ({ key, value }: ObjectTag) =>
    /^[\p{L}\p{N} +\-=._:/]{1,128}$/u.test(key) && /^[\p{L}\p{N} +\-=._:/]{0,256}$/u.test(value);
  const isUnique = new Set(tags.map(({ key }) => key)).size === tags.length;
  if (tags.length <= 10 && isUnique && tags.every(isSound)) {
    return tags;
  }
  throw badRequest('InvalidTag', 'The tag set is not valid: up to 10 tags, each key once.');
}
