import { XMLParser } from 'fast-xml-parser';
import { fieldsOf } from './json.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false, // a key may begin or end in spaces
  htmlEntities: true, // without it, references to characters by number stay as they are
});

/**
 * The root element of a document: its text, or its children by name, each a text, an object, or a list of
 * them (`listOf`). Throws on any other root, and on what was cut off. DOCTYPE is refused, with its entities.
 */
export function readXmlRoot(text: string, rootName: string): unknown {
  const roots = fieldsOf(parser.parse(text, true));
  const names = Object.keys(roots).filter((name) => name !== '#text');
  if (names.join() !== rootName || text.includes('<!DOCTYPE')) {
    throw new SyntaxError(`expected ${rootName}, received ${names.join() || 'none'}`);
  }
  return roots[rootName];
}

/** All elements of one name: the parser makes a list only where there are several. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}
