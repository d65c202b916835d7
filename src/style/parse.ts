/*
 * OSS's style language, with the place of every word (OSS help "Process images", "sys/saveas"):
 *
 *     style     := segment ( "|" segment )*
 *     segment   := category "/" action ( "/" action )*  |  "style/" name
 *     action    := name ( "," parameter )*  [ "," ]
 *     parameter := key "_" value  |  value
 */

/** A piece of the style's text and where it starts: 0-based, in UTF-16 units, like `slice` and editors. */
export interface StyleToken {
  readonly text: string;
  readonly offset: number;
}

/** One `key_value`, split at its first `_` (Base64url values may contain more), or a bare value. */
export interface StyleParameter {
  readonly whole: StyleToken;
  readonly key: StyleToken | undefined;
  readonly value: StyleToken;
}

export interface StyleAction {
  readonly name: StyleToken;
  readonly parameters: readonly StyleParameter[];
}

/** In `style/name`, a style that is stored in the bucket, the name is the only action. */
export interface StyleSegment {
  readonly category: StyleToken;
  readonly actions: readonly StyleAction[];
}

/** Parses any text; never throws. It knows no actions: the checker finds what is missing or not allowed. */
export function parseStyle(text: string): StyleSegment[] {
  return split({ text, offset: 0 }, '|').map(parseSegment);
}

function parseSegment(segment: StyleToken): StyleSegment {
  const [category = segment, ...rest] = split(segment, '/');
  const isNamed = category.text === 'style' && rest.length > 0;
  const named = { name: tail(segment, 'style/'.length), parameters: [] };
  return { category, actions: isNamed ? [named] : rest.map(parseAction) };
}

function parseAction(action: StyleToken): StyleAction {
  const [name = action, ...rest] = split(action, ',');
  // A trailing comma is no parameter: the Node SDK's own test sends `…,color_ff6a00,`, and OSS accepts it.
  const parameters = rest.at(-1)?.text === '' ? rest.slice(0, -1) : rest;
  return { name, parameters: parameters.map(parseParameter) };
}

function parseParameter(whole: StyleToken): StyleParameter {
  const length = whole.text.indexOf('_');
  const key = length < 0 ? undefined : { text: whole.text.slice(0, length), offset: whole.offset };
  return { whole, key, value: tail(whole, length + 1) };
}

function split(token: StyleToken, separator: string): StyleToken[] {
  let { offset } = token;
  return token.text.split(separator).map((text) => {
    const part = { text, offset };
    offset += text.length + separator.length;
    return part;
  });
}

function tail({ text, offset }: StyleToken, start: number): StyleToken {
  return { text: text.slice(start), offset: offset + start };
}
