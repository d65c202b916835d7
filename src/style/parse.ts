/**
 * The style language of OSS data processing, with the place of every word.
 *
 *     style     := segment ( "|" segment )*
 *     segment   := category "/" action ( "/" action )*  |  "style/" name
 *     action    := name ( "," parameter )*  [ "," ]
 *     parameter := key "_" value  |  value
 *
 * Sources: OSS help "Process images", "sys/saveas", and the samples of the official SDKs. The parser knows no action:
 * what exists and which values are allowed is the catalog's business.
 */

/** A piece of the style text and where it starts: 0-based, in UTF-16 units, as editors and `slice` count. */
export interface StyleToken {
  readonly text: string;
  readonly offset: number;
}

/** One `key_value`, split at its first `_` (Base64url values hold further ones), or a bare value: no key. */
export interface StyleParameter {
  readonly key?: StyleToken;
  readonly value: StyleToken;
}

export interface StyleAction {
  readonly name: StyleToken;
  readonly parameters: readonly StyleParameter[];
  /** The Node SDK's own test sends `…,color_ff6a00,` and OSS accepts it: kept, and no problem. */
  readonly trailingComma: boolean;
}

/** `category/action/…`, or `style/name`: a style stored in the bucket. */
export type StyleSegment =
  | { readonly kind: 'actions'; readonly category: StyleToken; readonly actions: readonly StyleAction[] }
  | { readonly kind: 'style'; readonly name: StyleToken };

/** Something in the text that is no style, `length` units from `offset` on (0: a place where something is missing). */
export interface StyleProblem {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

export interface Style {
  readonly segments: readonly StyleSegment[];
  readonly problems: readonly StyleProblem[];
}

type Report = (at: StyleToken, message: string) => void;

/** Reads any text as a style; never throws. Nothing is lost: `formatStyle` gives back the very same text. */
export function parseStyle(text: string): Style {
  const problems: StyleProblem[] = [];
  const report: Report = (at, message) =>
    problems.push({ offset: at.offset, length: at.text.length, message });
  const segments = split({ text, offset: 0 }, '|').map((segment) => parseSegment(segment, report));
  return { segments, problems };
}

function parseSegment(segment: StyleToken, report: Report): StyleSegment {
  const [category = segment, ...rest] = split(segment, '/');
  if (category.text === 'style' && rest.length > 0) {
    const name = from(segment, 'style/'.length);
    if (name.text === '') {
      report(name, 'expected the name of a style after "style/"');
    }
    return { kind: 'style', name };
  }
  if (category.text === '') {
    report(category, 'expected a category such as "image" before "/"');
  } else if (rest.length === 0) {
    report(segment, `expected "category/action", found "${segment.text}"`);
  }
  return { kind: 'actions', category, actions: rest.map((action) => parseAction(action, report)) };
}

function parseAction(action: StyleToken, report: Report): StyleAction {
  const [name = action, ...rest] = split(action, ',');
  if (name.text === '') {
    report(name, 'expected the name of an action after "/"');
  }
  const trailingComma = rest.at(-1)?.text === '';
  const given = trailingComma ? rest.slice(0, -1) : rest;
  return { name, parameters: given.map((parameter) => parseParameter(parameter, report)), trailingComma };
}

function parseParameter(parameter: StyleToken, report: Report): StyleParameter {
  if (parameter.text === '') {
    report(parameter, 'expected a parameter between two commas');
  }
  const underscore = parameter.text.indexOf('_');
  if (underscore === -1) {
    return { value: parameter };
  }
  const key = { text: parameter.text.slice(0, underscore), offset: parameter.offset };
  if (key.text === '') {
    report(parameter, `expected the name of a parameter before "_"`);
  }
  return { key, value: from(parameter, underscore + 1) };
}

function split(token: StyleToken, separator: string): StyleToken[] {
  let offset = token.offset;
  return token.text.split(separator).map((text) => {
    const part = { text, offset };
    offset += text.length + separator.length;
    return part;
  });
}

function from(token: StyleToken, start: number): StyleToken {
  return { text: token.text.slice(start), offset: token.offset + start };
}
