/*
 * A matcher to compare with: it expands braces and then tries everything, which takes exponential time and needs no
 * thought. Escapes and classes are single tokens throughout.
 */

const tokensOf = (glob: string) => glob.match(/\\.|\[[!^]?(?:\\.|[^\]\\])*\]|\*\*|./gsu) ?? [];

/** Whether the key is one of the glob's, for globs that are well formed. */
export function matchesNaively(glob: string, key: string): boolean {
  return expand(tokensOf(glob)).some((tokens) => matches(tokens, [...key], true));
}

/** Every choice between the braces. */
function expand(tokens: readonly string[]): string[][] {
  const open = tokens.indexOf('{');
  if (open < 0) {
    return [[...tokens]];
  }
  const options: string[][] = [[]];
  let depth = 1;
  let at = open + 1;
  for (; depth > 0; at += 1) {
    const token = tokens[at] ?? '';
    depth += Number(token === '{') - Number(token === '}');
    if (depth === 1 && token === ',') {
      options.push([]);
    } else if (depth > 0) {
      options.at(-1)?.push(token);
    }
  }
  // A mark keeps `{**}/` from reading as `**/`, which it is not.
  return options.flatMap((option) =>
    expand([...tokens.slice(0, open), 'MARK', ...option, 'MARK', ...tokens.slice(at)]),
  );
}

function matches(tokens: readonly string[], key: readonly string[], atFolderStart: boolean): boolean {
  const [token, ...rest] = tokens;
  const [character, ...keyRest] = key;
  if (token === undefined) {
    return character === undefined;
  }
  if (token === 'MARK') {
    return matches(rest, key, false);
  }
  if (token === '**' && atFolderStart && rest[0] === '/') {
    const behind = rest.slice(1);
    return (
      matches(behind, key, true) ||
      key.some((one, i) => one === '/' && matches(behind, key.slice(i + 1), true))
    );
  }
  if (token === '*' || token === '**') {
    const mayStep = character !== undefined && (token === '**' || character !== '/');
    return matches(rest, key, false) || (mayStep && matches(tokens, keyRest, false));
  }
  return character !== undefined && fits(token, character) && matches(rest, keyRest, /^\\?\/$/.test(token));
}

function fits(token: string, character: string): boolean {
  if (token === '?') {
    return character !== '/';
  }
  if (!token.startsWith('[')) {
    return token.replace(/^\\/s, '') === character;
  }
  const isNegated = /^\[[!^]/.test(token);
  const ranges = token.slice(isNegated ? 2 : 1, -1).matchAll(/(\\?.)(?:-(\\?.))?/gsu);
  const isIn = [...ranges].some(([, low = '', high = low]) => {
    const [from, to, code] = [low, high, character].map(
      (text) => text.replace(/^\\(?=.)/s, '').codePointAt(0) ?? 0,
    );
    return from !== undefined && to !== undefined && code !== undefined && from <= code && code <= to;
  });
  return isNegated ? !isIn && character !== '/' : isIn;
}
