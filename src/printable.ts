/** Characters that a terminal obeys or hides: controls, line ends, marks of direction, zero-width spaces. */
const unprintable = /[\p{Cc}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;

/** The text as a terminal may show it, on one line: uploaders choose keys, which may hold commands. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) =>
    character < ' '
      ? JSON.stringify(character).slice(1, -1)
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
