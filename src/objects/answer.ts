import { XMLParser } from 'fast-xml-parser';
import { fieldsOf } from '../json.ts';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false, // a key may begin or end in spaces
  htmlEntities: true, // without it, references to characters by number stay as they are
  isArray: (name) => name === 'Contents',
});

/** The root element of an answer: its text, or its children by name. Throws on any other document, or one that was cut off. */
export function readAnswer(body: Buffer, rootName: string): unknown {
  const text = body.toString();
  const roots = fieldsOf(parser.parse(text, true));
  const names = Object.keys(roots).filter((name) => name !== '#text');
  if (names.join() !== rootName || text.includes('<!DOCTYPE')) {
    throw new SyntaxError(`expected ${rootName}, received ${names.join() || 'none'}`);
  }
  return roots[rootName];
}
