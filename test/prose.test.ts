import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

function linesIn(folder: string) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .flatMap((name) =>
      readFileSync(`${folder}/${name}`, 'utf8')
        .split('\n')
        .map((text, i) => ({ place: `${folder}/${name}:${i + 1}`, text })),
    );
}

const lines = linesIn('src');

const placesOf = (pattern: RegExp, from = lines) =>
  from.filter(({ text }) => pattern.test(text)).map(({ place, text }) => `${place} ${text.trim()}`);

// Biome, which keeps code to this width, does not wrap comments.
it('no line is wider than 110 characters', () => {
  expect(placesOf(/^.{111}/u)).toEqual([]);
});

it('no comment begins with a word that leaves out what it speaks of', () => {
  expect(lines.length).toBeGreaterThan(10_000);
  const opener = /(^|\s)(\/\*\*?|\/\/) (As|Of|That|Those|What|Where|Which|Who) /;
  expect(placesOf(opener)).toEqual([]);
  expect(placesOf(opener, linesIn('test'))).toEqual([]);
});

it('no type is named by a participle alone', () => {
  expect(
    placesOf(/^(export )?(class|interface|type) [A-Z][a-z]*([^e]ed|Found|Given|Taken|Known|Hidden|Broken)\b/),
  ).toEqual([]);
});

it('no object is spread where its fields could be written one by one', () => {
  expect(placesOf(/^\s*\.\.\.\{ .* \},$/)).toEqual([]);
});
