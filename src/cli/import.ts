import { basename } from 'node:path';
import { stringify } from 'yaml';
import { checkRules } from '../check/check.ts';
import { formatDiagnostics } from '../check/format.ts';
import { compileRules } from '../compile/compile.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { printable } from '../printable.ts';
import { parseJsonText } from '../text-file.ts';
import { CliError, defineCommand } from './command.ts';
import { translateFirebase } from './import-firebase.ts';
import { translateLambda } from './import-lambda.ts';
import type { Translation } from './import-rules.ts';
import { readText } from './input.ts';
import { writeNewFile } from './new-file.ts';

const wanted = 'a config.json, or the parameters of the extension';

export const importCommand = defineCommand({
  positionals: { name: 'file', summary: 'config.json, or the .env file of the parameters', many: false },
  options: { out: { value: 'file', summary: 'a new file for the rules (default standard output)' } },
  run: async ({ out }, io, [file]) => {
    if (file === undefined) {
      throw new CliError(`expected a file: ${wanted}.`);
    }
    const { rules, notes } = importRules(await readText(file, `name ${wanted}`), basename(file));
    if (out === undefined || out === '-') {
      io.out(rules);
    } else if (!writeNewFile(out, rules)) {
      throw new CliError(`${out} cannot be written: it exists already; name another file.`);
    }
    io.err(notes.map((note) => `${printable(note)}\n`).join(''));
    return 0;
  },
});

/** Turns another tool's settings into a rules.yaml that passes the check. Throws CliError if it cannot. */
export function importRules(text: string, file: string): { rules: string; notes: string[] } {
  const { rules: documents, notes } = translate(text, file);
  const head = [`Imported from ${file}.`, ...notes].map(
    (line) => `# ${line.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}\n`,
  );
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const rules = `${head.join('')}${stringify({ rules: documents }, options)}`;
  const compiled = compileRules(rules, 'rules.yaml');
  const diagnostics = compiled.ok ? checkRules(compiled).diagnostics : compiled.diagnostics;
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw new CliError(`the rules made from ${file} fail the check:\n\n${formatDiagnostics(errors)}`);
  }
  return { rules, notes };
}

function translate(text: string, file: string): Translation {
  const value = /\.json$/i.test(file) ? parseJsonText(text, file) : parseJson(text);
  if (isJsonObject(value)) {
    return translateLambda(value);
  }
  if (/^[ \t]*(export[ \t]+)?IMG_SIZES[ \t]*=/m.test(text)) {
    return translateFirebase(text);
  }
  throw new CliError(
    `${file} is no config.json of aws-lambda-image, and has no line IMG_SIZES=… of Resize Images.`,
  );
}
