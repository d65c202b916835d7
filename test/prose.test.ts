import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const lines = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .flatMap((name) =>
    readFileSync(`src/${name}`, 'utf8')
      .split('\n')
      .map((text, i) => ({ place: `src/${name}:${i + 1}`, text })),
  );

const placesOf = (pattern: RegExp) =>
  lines.filter(({ text }) => pattern.test(text)).map(({ place, text }) => `${place} ${text.trim()}`);

it('no comment begins with a word that leaves out what it speaks of', () => {
  expect(lines.length).toBeGreaterThan(10_000);
  expect(placesOf(/^\s*(\/\*\*?|\/\/) (As|Of|That|Those|What|Where|Which|Who) /)).toEqual([]);
});

it('no type is named by a participle alone', () => {
  expect(
    placesOf(/^(export )?(class|interface|type) [A-Z][a-z]*([^e]ed|Found|Given|Taken|Known|Hidden|Broken)\b/),
  ).toEqual([]);
});

it('no object is spread where its fields could be written one by one', () => {
  expect(placesOf(/^\s*\.\.\.\{ .* \},$/)).toEqual([]);
});
