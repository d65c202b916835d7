/** An element of a parsed document; attributes and namespaces are dropped, OSS's answers have none that matter. */
export interface XmlElement {
  name: string;
  /** Character data directly inside, verbatim: keys may begin or end in spaces. */
  text: string;
  children: XmlElement[];
}

const maxDepth = 32;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the documents OSS answers with. Linear in the size of `source`; DOCTYPE is refused, so entities cannot grow.
 * Returns the root element; throws SyntaxError on anything that is not one well-nested document.
 */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  let at = 0;
  for (let start = source.indexOf('<'); start !== -1; start = source.indexOf('<', at)) {
    const parent = open.at(-1) ?? document;
    parent.text += decodeEntities(source.slice(at, start));
    if (source.startsWith('<![CDATA[', start)) {
      at = endOf(source, ']]>', start + 9);
      parent.text += source.slice(start + 9, at - 3);
    } else if (source.startsWith('<!--', start)) {
      at = endOf(source, '-->', start + 4);
    } else if (source.startsWith('<?', start)) {
      at = endOf(source, '?>', start + 2);
    } else {
      at = endOf(source, '>', start);
      readTag(source.slice(start + 1, at - 1), open);
    }
  }
  const [root, ...others] = document.children;
  const stray = document.text + source.slice(at);
  if (root === undefined || others.length > 0 || open.length > 1 || stray.trim() !== '') {
    throw new SyntaxError('not one well-nested XML document');
  }
  return root;
}

/** Applies one tag (without its angle brackets) to the stack of open elements. */
function readTag(tag: string, open: XmlElement[]): void {
  const [name = ''] = /^\/?[\p{L}_][\p{L}\p{N}_.:-]*/u.exec(tag) ?? [];
  if (name === '' || open.length > maxDepth) {
    throw new SyntaxError('unexpected markup');
  }
  if (name.startsWith('/')) {
    if (open.pop()?.name !== name.slice(1)) {
      throw new SyntaxError('elements are not nested');
    }
    return;
  }
  const element: XmlElement = { name, text: '', children: [] };
  open.at(-1)?.children.push(element);
  if (!tag.endsWith('/')) {
    open.push(element);
  }
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  if (found === -1) {
    throw new SyntaxError(`no ${mark} before the end`);
  }
  return found + mark.length;
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

/** All children called `name`: a list of one is a list. */
export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
