import { parseXml, type XmlElement } from '../../../oss/xml.ts';
import { badRequest } from './errors.ts';

/** An element: text, nothing (left out), children, or several elements of one name. */
export type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlElements[];

export interface XmlElements {
  readonly [name: string]: XmlValue;
}

/** A document as OSS writes it. Characters XML cannot hold become references; `encoding-type=url` avoids them. */
export function xmlDocument(elements: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElements(elements, '')}`;
}

function writeElements(elements: XmlElements, indent: string): string {
  return Object.entries(elements)
    .flatMap(([name, value]) =>
      (isList(value) ? value : [value]).map((one) => writeElement(name, one, indent)),
    )
    .join('');
}

function writeElement(
  name: string,
  value: Exclude<XmlValue, readonly XmlElements[]>,
  indent: string,
): string {
  if (value === undefined) {
    return '';
  }
  const content =
    typeof value === 'object' ? `\n${writeElements(value, `${indent}  `)}${indent}` : escapeXml(value);
  return `${indent}<${name}>${content}</${name}>\n`;
}

function isList(value: XmlValue): value is readonly XmlElements[] {
  return Array.isArray(value);
}

function escapeXml(value: string | number | boolean): string {
  return [...String(value)].map(escapeCharacter).join('');
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 || '&<>'.includes(character) ? `&#${code};` : character;
}

/** The root element of a request's body; throws MalformedXML when it is another one or none. */
export function readXml(body: Buffer, rootName: string): XmlElement {
  try {
    const root = parseXml(body.toString().replace(/^\ufeff/, ''));
    if (root.name === rootName) {
      return root;
    }
  } catch {
    // Which of the many ways it is wrong does not matter to the client.
  }
  throw badRequest(
    'MalformedXML',
    `The XML you provided is not a well-formed <${rootName}> as this operation takes it.`,
  );
}
