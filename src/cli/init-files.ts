import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, realpathSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quotaOf } from '../backfill/quota.ts';
import { makeFolder } from '../folder-lock.ts';
import { fieldsOf, isJsonObject, parseJson, pick } from '../json.ts';
import { decodeText, parseJsonText } from '../text-file.ts';
import { CliError } from './command.ts';
import { writeNewFile } from './new-file.ts';

export interface Answers {
  region: string;
  bucket: string;
}

/** The files of a project by their names in the template; npm would not pack a file named .gitignore. */
const files = [
  ['rules.yaml', 'rules.yaml'],
  ['s.yaml', 's.yaml'],
  ['_gitignore', '.gitignore'],
] as const;

/**
 * Writes a project into `dir` from a template. Existing files are kept; a package.json only gets what it
 * lacks. Resolves to a line about each file.
 */
export async function writeProject(dir: string, templateDir: string, answers: Answers): Promise<string[]> {
  makeFolder(dir);
  const otherTemplate = join(dir, 's.yml');
  if (existsSync(otherTemplate)) {
    const problem = `${otherTemplate} exists, and Serverless Devs would read s.yaml instead`;
    throw new CliError(`${problem}: rename it to s.yaml, which is then kept; nothing was written.`);
  }
  const packageText = await completePackage(dir, await readFile(join(templateDir, 'package.json'), 'utf8'));
  const lines: string[] = [];
  for (const [from, name] of files) {
    const text = fillIn(await readFile(join(templateDir, from), 'utf8'), answers);
    const file = join(dir, name);
    lines.push(writeNewFile(file, text) ? `wrote ${file}` : describeKept(file, text));
  }
  const file = join(dir, 'package.json');
  if (packageText === undefined) {
    lines.push(`kept  ${file}, which has all it needs`);
  } else {
    replaceFile(file, packageText);
    lines.push(`wrote ${file}`);
  }
  return lines;
}

/** Says which lines a kept .gitignore lacks: without `.env`, access keys would be published. */
function describeKept(file: string, wanted: string): string {
  const kept = `kept  ${file}, which was there`;
  const linesOf = (text: string) => text.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, ''));
  const own = linesOf(readFileSync(file, 'utf8'));
  const lacking = linesOf(wanted).filter((line) => !own.includes(line));
  return file.endsWith('.gitignore') && lacking.length > 0 ? `${kept}; it lacks ${lacking.join(', ')}` : kept;
}

function fillIn(text: string, { region, bucket }: Answers): string {
  // These numbers are for pictures of 2 MB, as s.yaml explains.
  const instances = quotaOf(region).callsPerSecond > 5 ? '5' : '1';
  return text
    .replace('{{ region }}', region)
    .replace('{{ bucket }}', bucket)
    .replace('{{ instances }}', instances);
}

/** Replaces a file, keeping its permissions. If the disk is full, the old one stays. */
function replaceFile(file: string, text: string): void {
  if (!existsSync(file)) {
    writeNewFile(file, text);
    return;
  }
  const path = realpathSync(file);
  const temporary = `${path}.${randomUUID()}.tmp`;
  writeNewFile(temporary, text);
  chmodSync(temporary, statSync(path).mode);
  renameSync(temporary, path);
}

/** The template's scripts, by name, that a package.json defines differently. */
export async function findOtherScripts(dir: string, templateDir: string): Promise<Record<string, string>> {
  const scriptsOf = async (folder: string) => {
    const file = join(folder, 'package.json');
    const { scripts } = fieldsOf(parseJsonText(decodeText(await readFile(file), file), file));
    return Object.entries(fieldsOf(scripts)).map(([name, script]) => [name, String(script)] as const);
  };
  const own = new Map(await scriptsOf(dir));
  const wanted = await scriptsOf(templateDir);
  return Object.fromEntries(wanted.filter(([name, script]) => own.get(name) !== script));
}

/** A package.json's text with the template's scripts and dependencies; undefined if it lacks none. */
async function completePackage(dir: string, template: string): Promise<string | undefined> {
  const file = join(dir, 'package.json');
  const existing = await readFile(file).catch((error: unknown) => {
    if (pick(error, 'code') === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (existing === undefined) {
    return template;
  }
  const ownText = decodeText(existing, file);
  const own = parseJsonText(ownText, file);
  if (!isJsonObject(own)) {
    throw new CliError(`${file} is no JSON object: correct it first; nothing was written.`);
  }
  const wanted = parseJson(template);
  const completed = {
    ...own,
    scripts: { ...fieldsOf(pick(wanted, 'scripts')), ...fieldsOf(own.scripts) },
    dependencies: { ...missing(wanted, own, 'dependencies'), ...fieldsOf(own.dependencies) },
    devDependencies: { ...missing(wanted, own, 'devDependencies'), ...fieldsOf(own.devDependencies) },
  };
  const [, indent = '  '] = /^([ \t]+)"/m.exec(ownText) ?? [];
  const text = `${JSON.stringify(completed, undefined, indent)}\n`;
  const isSame = JSON.stringify(completed) === JSON.stringify(own);
  return isSame ? undefined : text.replaceAll('\n', ownText.includes('\r\n') ? '\r\n' : '\n');
}

/** The template's packages of one kind that the project lists in neither kind. */
function missing(wanted: unknown, own: unknown, kind: string): Record<string, unknown> {
  const has = { ...fieldsOf(pick(own, 'dependencies')), ...fieldsOf(pick(own, 'devDependencies')) };
  return Object.fromEntries(Object.entries(fieldsOf(pick(wanted, kind))).filter(([name]) => !(name in has)));
}
