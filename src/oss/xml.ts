/** An element of a parsed document; attributes and namespaces are dropped, OSS's answers have none that matter. */
export interface XmlElement {
  name: string;
  /** Character data directly inside, verbatim: keys may begin or end in spaces. */
  text: string;
  children: XmlElement[];
}

const maxDepth = 32;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const tokens =
  /<!\[CDATA\[(?<cdata>.*?)\]\]>|<!--.*?-->|<\?.*?\?>|<(?<tag>\/?[\p{L}_][\p{L}\p{N}_.:-]*)[^>]*>|(?<text>[^<]+)|(?<wrong><)/gsu;

/**
 * Reads the documents OSS answers with. Linear in the size of `source`; DOCTYPE is refused, so entities cannot grow.
 * Returns the root element; throws SyntaxError on anything that is not one well-nested document.
 */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  for (const { 0: token, groups: { cdata, tag, text, wrong } = {} } of source.matchAll(tokens)) {
    const parent = open.at(-1) ?? document;
    if (wrong !== undefined || open.length > maxDepth) {
      throw new SyntaxError('unexpected markup');
    }
    if (tag?.startsWith('/')) {
      closeElement(open, tag.slice(1));
    } else if (tag !== undefined) {
      const element = { name: tag, text: '', children: [] };
      parent.children.push(element);
      if (!token.endsWith('/>')) {
        open.push(element);
      }
    } else {
      parent.text += cdata ?? decodeEntities(text ?? '');
    }
  }
  const [root, ...others] = document.children;
  if (root === undefined || others.length > 0 || open.length > 1 || document.text.trim() !== '') {
    throw new SyntaxError('not one well-nested XML document');
  }
  return root;
}

function closeElement(open: XmlElement[], name: string): void {
  if (open.pop()?.name !== name) {
    throw new SyntaxError('elements are not nested');
  }
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (literal, hex, decimal, name) => {
    if (name !== undefined) {
      return entities[name] ?? literal;
    }
    const point = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : literal;
  });
}

/** Text of the first child called `name`; undefined when there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}
