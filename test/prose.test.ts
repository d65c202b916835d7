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

/** The parts of test whose comments begin with their subject. */
const mended =
  /^test\/((events|rules|pipeline|oss|life|credentials|objects|style|faults|e2e|lines|backfill)\/|[^/]*$)/;

/** The parts of src that keep to the width of biome.json, which does not wrap comments. */
const narrow = /^src\/(?!local\/)/;

it('no line is wider than 110 characters where the part was wrapped', () => {
  const wide = lines.filter(({ place, text }) => narrow.test(place) && text.length > 110);

  expect(wide.map(({ place }) => place)).toEqual([]);
  expect(lines.filter(({ place }) => narrow.test(place)).length).toBeGreaterThan(3_000);
});

it('no comment begins with a word that leaves out what it speaks of', () => {
  expect(lines.length).toBeGreaterThan(10_000);
  const opener = /(^|\s)(\/\*\*?|\/\/) (As|Of|That|Those|What|Where|Which|Who) /;
  expect(placesOf(opener)).toEqual([]);
  const tests = linesIn('test').filter(({ place }) => mended.test(place));
  expect(placesOf(opener, tests)).toEqual([]);
});

it('no type is named by a participle alone', () => {
  expect(
    placesOf(/^(export )?(class|interface|type) [A-Z][a-z]*([^e]ed|Found|Given|Taken|Known|Hidden|Broken)\b/),
  ).toEqual([]);
});

it('no object is spread where its fields could be written one by one', () => {
  expect(placesOf(/^\s*\.\.\.\{ .* \},$/)).toEqual([]);
});
