import { XMLBuilder } from 'fast-xml-parser';
import { fieldsOf, type JsonObject } from '../../../json.ts';
import { readXmlRoot } from '../../../xml.ts';
import { badRequest } from './errors.ts';

/** An element: text, nothing (left out), children, or several elements of one name. */
type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlElements[];

export interface XmlElements {
  readonly [name: string]: XmlValue;
}

const builder = new XMLBuilder({
  format: true,
  indentBy: '  ',
  processEntities: false,
  tagValueProcessor: (_, value) => escapeText(String(value)),
});

/** A document as OSS writes it. */
export function xmlDocument(elements: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(elements)}`;
}

/** Line ends would not survive as they are; other control characters, which XML forbids either way, OSS writes bare (live test of ali-oss). */
function escapeText(text: string): string {
  return text.replace(/[&<>\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The children of a request body's root element, by name. Throws MalformedXML when the root is another one or none. */
export function readXml(body: Buffer, rootName: string): JsonObject {
  // Version 1.1 has references to control characters, which keys may hold.
  const versioned = body.toString().replace(/^\ufeff?\s*(<\?xml[^>]*\?>)?/, '<?xml version="1.1"?>');
  // A bare `&` stands for itself (live test of aliyun-oss-cpp-sdk).
  const text = versioned.replace(/&(?!#?\w+;)/g, '&amp;');
  try {
    return fieldsOf(readXmlRoot(text, rootName));
  } catch {
    // It does not matter to the client in which of many ways it is wrong.
    const message = `The XML you provided is not a well-formed <${rootName}> as this operation takes it.`;
    throw badRequest('MalformedXML', message);
  }
}
