import { childText } from '../../../oss/xml.ts';
import { readBody } from '../http/body.ts';
import { badRequest, notFound } from '../http/errors.ts';
import { httpDate } from '../http/object-headers.ts';
import { type Reply, xmlReply } from '../http/reply.ts';
import { readXml, type XmlElements } from '../http/xml.ts';
import type { Style } from '../store/buckets.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './operation.ts';

/** Documented: OSS help "IMG overview": 50 styles a bucket; what OSS answers beyond is assumed. */
const maxStyles = 50;

/** Documented: OSS help "PutStyle"; ec numbers 0017-00000250 and -253 from their pages, which of them means what length assumed. */
export async function putStyle({ request, store, now }: OperationContext): Promise<Reply> {
  const { bucket, query } = request;
  const name = query.get('styleName') ?? '';
  if (!/^[\w.-]{1,63}$/.test(name)) {
    throw badRequest('InvalidArgument', `The style name is not valid: ${name}`, '0017-00000250');
  }
  const content = childText(readXml(await readBody(request, 64 * 1024), 'Style'), 'Content')?.trim() ?? '';
  if (content === '' || /[;()'"*?]/.test(content)) {
    throw badRequest('BadRequest', `The style content is not valid: ${content}`, '0017-00000253');
  }
  const { styles } = store.bucket(bucket).settings;
  const earlier = styleNamed(styles, name);
  if (earlier === undefined && Object.keys(styles).length >= maxStyles) {
    throw badRequest('InvalidArgument', `A bucket has no more than ${maxStyles} styles.`);
  }
  const style: Style = {
    content,
    category: query.get('category') || 'image',
    createdMs: earlier?.createdMs ?? now(),
    modifiedMs: now(),
  };
  store.changeSettings(bucket, { styles: { ...styles, [name]: style } });
  return { statusCode: 200 };
}

/** With `styleName` GetStyle, without it ListStyle. */
export function getStyle({ request, store }: OperationContext): Reply {
  const name = request.query.get('styleName');
  if (name !== undefined) {
    return xmlReply({ Style: describe(name, findStyle(store, request.bucket, name)) });
  }
  const styles = Object.entries(store.bucket(request.bucket).settings.styles);
  const sorted = styles.sort(([a], [b]) => (a < b ? -1 : 1));
  return xmlReply({ StyleList: { Style: sorted.map(([each, style]) => describe(each, style)) } });
}

/** Assumed: 204 whether or not the style existed. */
export function deleteStyle({ request, store }: OperationContext): Reply {
  const { [request.query.get('styleName') ?? '']: _, ...styles } = store.bucket(request.bucket).settings
    .styles;
  store.changeSettings(request.bucket, { styles });
  return { statusCode: 204 };
}

/** Throws NoSuchStyle. */
export function findStyle(store: Store, bucket: string, name: string): Style {
  const style = styleNamed(store.bucket(bucket).settings.styles, name);
  if (style !== undefined) {
    return style;
  }
  throw notFound('NoSuchStyle', `The specified style (${name}) does not exist.`, undefined, {
    StyleName: name,
  });
}

/** Names such as `constructor` are styles only when somebody made them. */
function styleNamed(styles: Readonly<Record<string, Style>>, name: string): Style | undefined {
  return Object.hasOwn(styles, name) ? styles[name] : undefined;
}

function describe(name: string, { content, category, createdMs, modifiedMs }: Style): XmlElements {
  return {
    Name: name,
    Content: content,
    Category: category,
    CreateTime: httpDate(createdMs),
    LastModifyTime: httpDate(modifiedMs),
  };
}
