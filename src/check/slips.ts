import { type Budget, createBudget, within } from '../compile/budget.ts';
import type { SourceRule } from '../compile/compile.ts';
import type { Glob } from '../compile/glob.ts';
import { placeholders, stylesOf, variantsOf } from '../compile/variants.ts';
import { render, type VariableValues, variablesOf } from '../rules/template.ts';
import { type Diagnostic, type Path, warning } from './diagnostic.ts';
import { pathTo, sampleValues, type Writer } from './graph.ts';
import { exampleKey, regular, without } from './language.ts';

/** Warns of rules that are valid, but that nobody means: slips that nothing else would report. */
export function checkSlips(rules: readonly SourceRule[], writers: readonly Writer[]): Diagnostic[] {
  const whole = createBudget(maxStatesOfAll);
  return [
    ...(rules.length === 0 ? [warning('no-rules', ['rules'], 'there are no rules: nothing is done')] : []),
    ...rules.flatMap(findRuleSlips),
    ...writers.flatMap((writer) => findOutputSlips(writer, whole)),
  ];
}

function findRuleSlips({ index, keys, match }: SourceRule): Diagnostic[] {
  const path = ['rules', index, 'match'];
  const message = 'takes no object: `exclude` leaves out all that `key` matches, or it matches only folders';
  const hint = 'Everything below a folder is "uploads/**".';
  return [
    ...findForeignGlobs(match.key, [...path, 'key']),
    ...findForeignGlobs(match.exclude ?? [], [...path, 'exclude']),
    ...(keys.isEmpty ? [warning('takes-nothing', [...path, 'key'], message, hint)] : []),
  ];
}

/** Invisible characters, as copied from web pages, and a Chinese keyboard's braces, star and slash. */
const lookalike = /[\u200b\u200e\u200f\u2060\ufeff｛｝＊／]/;

/** Syntax of regular expressions, shells and addresses, which a glob takes literally. */
const ofRegexes = /^\^|\$$|\\[.\w]|(?<=\w)\\\*|(?<=^|[^*]\/)\.\*|\.\+|\([^()]*\|[^()]*\)|\|/;
const ofShells = /[@+!]\(|\[\[:|\{\w+\.\.\w+\}|^!/;
const ofAddresses = /^\w+:\/\/|^\.{1,2}\/|%[0-9A-Fa-f]{2}|^[\s“‘]|[\s”’，、]$/;
const foreign = new RegExp(`${ofRegexes.source}|${ofShells.source}|${ofAddresses.source}`);

/** A list in one text: a comma after an extension outside of braces, or a Chinese comma inside them. */
const listed = /\.\w{2,5}[,;](?![^{]*\})|[，、](?<=\{[^{}，、]*.)/;

/** `path` leads to the field, which holds a list if there are several globs. */
function findForeignGlobs(globs: readonly Glob[], path: Path): Diagnostic[] {
  const message = 'is literal in a glob: only keys that contain it are taken';
  const hint = 'Globs know *, **, ?, {a,b}, [a-z], begin after the bucket, and take keys as OSS has them.';
  return globs.flatMap(({ text }, i) => {
    const slip = warning('foreign-glob', globs.length > 1 ? [...path, i] : path, message, hint);
    return findFirst(text, [foreign, listed, lookalike], slip);
  });
}

/** The slip at the first match of one of the patterns; the message begins with the matched text. */
function findFirst(text: string, patterns: readonly RegExp[], slip: Diagnostic): Diagnostic[] {
  const match = patterns.map((pattern) => pattern.exec(text)).find((one) => one !== null);
  if (!match) {
    return [];
  }
  const span = { offset: match.index, length: match[0].length };
  return [{ ...slip, message: `\`${match[0]}\` ${slip.message}`, span }];
}

function findOutputSlips(writer: Writer, whole: Budget): Diagnostic[] {
  return [...findForeignExtension(writer, whole), ...findForeignKey(writer), ...findUnusedVariables(writer)];
}

/** Syntax of shells, addresses and disk folders, which a target's key takes literally. */
const foreignInKey = /^\w+:\/\/|^\.{1,2}\/|\$(?=\{\w)|%[0-9A-Fa-f]{2}|\\|^[\s“‘]|[\s”’，、/]$/;

/** Finds a key that looks like something else than a target key. */
function findForeignKey(writer: Writer): Diagnostic[] {
  const message = 'is literal in a key: every output has it in its name';
  const hint = 'A target is the key of one object in the bucket, with {variables}, and not a folder.';
  const slip = warning('foreign-key', pathTo(writer, 'target', 'key'), message, hint);
  return findFirst(writer.output.target.key.text, [foreignInKey, lookalike], slip);
}

/** Finds variables whose values only change the key, so that all of them save the same picture. */
function findUnusedVariables(writer: Writer): Diagnostic[] {
  const { style, vary = {} } = writer.output;
  const used = variablesOf(style.parts).map(({ name }) => name);
  const unused = Object.keys(vary).filter((name) => !used.includes(name));
  const message = 'is not in the style: each of its values is paid for and saves the same picture';
  return unused.map((name) => warning('unused-variable', pathTo(writer, 'vary', name), message));
}

/** States for one output, and for all of them. If they do not suffice, nothing is reported. */
const maxStates = 20_000;
const maxStatesOfAll = 50_000;

const extensionPattern = /\.(jpe?g|png|webp|bmp|gif|tiff?|heic|avif)$/i;

/** Finds a key whose extension, its own or that of its source, names another format than the style makes. */
function findForeignExtension(writer: Writer, whole: Budget): Diagnostic[] {
  const { rule, output } = writer;
  const { text, parts } = output.target.key;
  const styles = stylesOf(output);
  const faults = variantsOf(output.vary).flatMap((variant, i) => {
    const style = styles[i] ?? '';
    const [, format = ''] = /^.*(?:\/format,|,f_|,target_)([a-z]+)/.exec(style) ?? [];
    const extensionOf = (values: VariableValues) =>
      extensionPattern.exec(render(parts, { ...values, ...variant }))?.[1];
    const spelt = extensionOf(placeholders);
    const source = format && !spelt && findOtherSource(rule, format, whole);
    const extension = source ? extensionOf(sampleValues(rule, { bucket: 'photos', key: source })) : spelt;
    const reason = extension && explainFormat(style, format, extension.toLowerCase(), rule, whole);
    return reason ? [{ extension, message: `is saved as .${extension}, and the style ${reason}` }] : [];
  });
  return faults.slice(0, 1).map(({ extension = '', message }) => {
    const isSpelt = text.endsWith(extension);
    const length = isSpelt ? extension.length : text.length;
    const span = { offset: text.length - length, length };
    const severity = isSpelt ? 'warning' : 'note';
    return { ...warning('foreign-extension', pathTo(writer, 'target', 'key'), message), severity, span };
  });
}

/** Says what else a style makes than the extension says: its last format, or else that of the source. */
function explainFormat(style: string, format: string, extension: string, rule: SourceRule, whole: Budget) {
  const pattern = extension.replace(/^jpe?g$/, 'jpe?g').replace(/^tiff?$/, 'tiff?');
  if (format !== '') {
    return new RegExp(`^${pattern}$`).test(format) ? undefined : `makes ${format} of it`;
  }
  if (!style.startsWith('image/') || rule.match.contentType !== undefined) {
    return undefined;
  }
  const other = findOtherSource(rule, pattern, whole);
  return other && `names no format, so that it keeps that of its source, such as \`${other}\``;
}

/** An example of the rule's keys that do not have the extension. */
function findOtherSource({ keys }: SourceRule, extension: string, whole: Budget): string | undefined {
  const findOther = (budget: Budget) =>
    exampleKey(without(keys, regular(`[^]*\\.${extension}`, budget, 'iu'), budget), budget);
  return within(maxStates, findOther, whole);
}
