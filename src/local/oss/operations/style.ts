import { textOf } from '../../../json.ts';
import { lookUp } from '../../../style/catalog.ts';
import { readBody, readXml } from '../http/body.ts';
import { badRequest, notFound } from '../http/errors.ts';
import { httpDate } from '../http/object-headers.ts';
import { xmlReply } from '../http/reply.ts';
import type { BucketSettings, BucketStyle } from '../store/bucket-settings.ts';
import type { Operation } from './operation.ts';

/** Documented: OSS help "IMG overview": 50 styles per bucket. Assumed: the error for more. */
const maxStyles = 50;

/** Documented: OSS help "PutStyle", EC pages 0017-00000250 and -253. Assumed: which of them is for what. */
export const putStyle: Operation = async ({ store, now }, request) => {
  const { bucket, query } = request;
  const name = query.get('styleName') ?? '';
  if (!/^[\w.-]{1,63}$/.test(name)) {
    throw badRequest('InvalidArgument', `The style name is not valid: ${name}`, { ec: '0017-00000250' });
  }
  const { Content } = readXml(await readBody(request, 64 * 1024), 'Style');
  const content = textOf(Content)?.trim() ?? '';
  if (content === '' || /[;()'"*?]/.test(content)) {
    throw badRequest('BadRequest', 'Style content is invalid.', { ec: '0017-00000253' });
  }
  const { styles } = store.bucket(bucket).settings;
  const earlier = lookUp(styles, name);
  if (earlier === undefined && Object.keys(styles).length >= maxStyles) {
    throw badRequest('InvalidArgument', `A bucket has no more than ${maxStyles} styles.`);
  }
  const category = query.get('category') || 'image';
  const style = { content, category, createdMs: earlier?.createdMs ?? now(), modifiedMs: now() };
  store.changeSettings(bucket, { styles: { ...styles, [name]: style } });
  return { statusCode: 200 };
};

/** GetStyle with `styleName`, ListStyle without it. */
export const getStyle: Operation = ({ store }, { bucket, query }) => {
  const name = query.get('styleName');
  const { styles } = store.bucket(bucket).settings;
  if (name !== undefined) {
    return xmlReply({ Style: describeStyle(name, findStyle(styles, name)) });
  }
  // In order of creation (live test of aliyun-oss-go-sdk).
  const sorted = Object.entries(styles).sort(([, a], [, b]) => a.createdMs - b.createdMs);
  return xmlReply({ StyleList: { Style: sorted.map(([each, style]) => describeStyle(each, style)) } });
};

/** Assumed: 204 whether or not the style existed. */
export const deleteStyle: Operation = ({ store }, { bucket, query }) => {
  const { [query.get('styleName') ?? '']: _, ...styles } = store.bucket(bucket).settings.styles;
  store.changeSettings(bucket, { styles });
  return { statusCode: 204 };
};

export type BucketStyles = BucketSettings['styles'];

/** Finds a named style; throws NoSuchStyle. */
export function findStyle(styles: BucketStyles, name: string): BucketStyle {
  const style = lookUp(styles, name);
  if (style === undefined) {
    const extra = { StyleName: name };
    throw notFound('NoSuchStyle', `The specified style (${name}) does not exist.`, { extra });
  }
  return style;
}

function describeStyle(name: string, { content, category, createdMs, modifiedMs }: BucketStyle) {
  return {
    Name: name,
    Content: content,
    Category: category,
    CreateTime: httpDate(createdMs),
    LastModifyTime: httpDate(modifiedMs),
  };
}
