import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Every regular expression in what runs on foreign text: events, rules, answers of OSS, arguments. */
function findRegexes(): [place: string, regex: RegExp][] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.startsWith('local/'))
    .flatMap((file) =>
      regexesIn(readFileSync(`src/${file}`, 'utf8')).map((regex) => [`${file} ${regex}`, regex]),
    );
}

/** A literal stands where an operand may, and not in a comment of its own line. */
const literal =
  /(?<=[=(,:!&|?[]\s*|return\s|^\s+)\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([dgimsuvy]*)(?=[.,;)\]\s])/gm;

function regexesIn(source: string): RegExp[] {
  const code = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  return [...code.matchAll(literal)].map(
    ([, pattern = '', flags = '']) => new RegExp(pattern, flags.replace(/[gy]/g, '')),
  );
}

const sizeBytes = 100_000;
const pieces = [
  ...'aA0-_./ \n\t=%{}[]()|,:;"<&#\\@图\0',
  ...['a-', 'a.', 'a/', 'a=', 'a,', 'a_', ' \n', '0a', '{a}', '&a;', '&#1', '%4', 'a b', '\\a', '=='],
  ...['image/', 'oss:', 'sys/saveas,', '<a>', 'w_1,', '..', '{b64:', 'é', '\ud800'],
];
const prefixes = ['', 'a', 'oss://a/', 'image/', 'style/', '{', '&#', 'ObjectCreated:'];
const attacks = pieces.flatMap((piece) =>
  prefixes.flatMap((prefix) => {
    const text = prefix + piece.repeat(Math.ceil(sizeBytes / piece.length));
    return [text, `${text}\u0001`];
  }),
);

describe('the regular expressions of the sources', () => {
  const regexes = findRegexes();

  it('the regular expressions of the sources are all found', () => {
    // There were 157 when this was written.
    expect(regexes.length).toBeGreaterThan(140);
  });

  // 100 kB squared would be 10 billion steps, more than the time allowed; the exponential would never end.
  it.each(regexes)(
    'a regular expression takes no more than linear time: %s',
    { timeout: 60_000 },
    (_, regex) => {
      const before = process.cpuUsage();
      const tooSlow = attacks.find((attack) => {
        regex.test(attack);
        // All of them take a tenth of a second.
        return process.cpuUsage(before).user > 20e6;
      });

      expect(tooSlow?.slice(0, 20)).toBeUndefined();
    },
  );
});
