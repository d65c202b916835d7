import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { SourceRule } from '../compile/compile.ts';
import { checkDeployment } from './account.ts';
import { checkFiles, paintDiagnostics } from './check.ts';
import { CliError, defineCommand, type Io } from './command.ts';
import { parseBucket, parseRegion } from './input.ts';
import { rolePolicy, type Site, triggerPolicy, trustPolicy } from './policies.ts';
import {
  assertRight,
  deployedBuckets,
  findTemplate,
  loadRules,
  rulesOption,
  templateOption,
} from './project.ts';
import { placeFor } from './samples.ts';
import { eventPatterns, nativeTriggers } from './trigger-filters.ts';

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
const yaml = (value: object) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** The documents by name. Policies are for RAM, which knows no variables of `s.yaml`. */
const documents: Record<
  string,
  { isPolicy: boolean; make: (rules: readonly SourceRule[], site: Site) => string }
> = {
  policy: { isPolicy: true, make: (rules, site) => json(rolePolicy(rules, site)) },
  trust: { isPolicy: true, make: () => json(trustPolicy('fc')) },
  'trigger-policy': { isPolicy: true, make: (_, site) => json(triggerPolicy(site)) },
  'trigger-trust': { isPolicy: true, make: () => json(trustPolicy('oss')) },
  trigger: { isPolicy: false, make: (rules, site) => yaml({ triggers: nativeTriggers(rules, site) }) },
  event: {
    isPolicy: true,
    make: (rules, { bucket }) =>
      json({ objects: [placeFor(rules, 'a.jpg', bucket) ?? placeFor(rules, 'a', bucket)] }),
  },
  eventbridge: { isPolicy: false, make: (rules, site) => eventPatterns(rules, site).map(json).join('') },
};
const names = Object.keys(documents);

export const generate = defineCommand({
  positionals: { name: 'what', summary: `one of ${names.join(', ')}`, many: false },
  options: {
    rules: rulesOption,
    region: { value: 'region', summary: 'in triggers (default the variable of s.yaml)' },
    account: { value: 'id', summary: "your account's id (default the variable of s.yaml; in policies: *)" },
    bucket: { value: 'name', summary: 'for rules that name none (default OSS_BUCKET, or that of s.yaml)' },
    function: { value: 'name', default: 'oss-saveas', summary: 'the function' },
    check: { summary: 'compares with what is deployed or in s.yaml, instead of printing' },
    template: templateOption,
  },
  run: async (values, io, [name = '']) => {
    const document = documents[name];
    if (document === undefined) {
      throw new CliError(`expected one of ${names.join(', ')}, received "${name}".`);
    }
    if (values.check) {
      return document.isPolicy ? checkAttached(name, values, io) : checkTriggersOf(values, io);
    }
    const { source: rules } = await loadRules(values.rules);
    const isOpen = rules.some(({ match }) => match.bucket === undefined);
    const template = await findTemplate(values.template, dirname(values.rules), io.env);
    const buckets = values.bucket ? [values.bucket] : deployedBuckets(template?.ours, io.env);
    const bucket = values.bucket ?? io.env.OSS_BUCKET ?? (document.isPolicy ? buckets[0] : undefined);
    if (['policy', 'event'].includes(name) && isOpen && bucket === undefined) {
      throw new CliError(`a rule names no bucket: set OSS_BUCKET or --bucket to that of the ${name}.`);
    }
    // Variables are written as in s.yaml.
    const variable = (name: string) => `\${${name}}`;
    const text = document.make(rules, {
      region: values.region === undefined ? variable('vars.region') : parseRegion(values.region),
      account: values.account ?? (document.isPolicy ? '*' : variable("config('AccountID')")),
      bucket: bucket === undefined ? variable('vars.bucket') : parseBucket(bucket),
      buckets: buckets.map(parseBucket),
      functionName: values.function,
    });
    io.out(text);
    return 0;
  },
});

/** The rules, and the template unless it is the usual one. */
type Files = { rules: string; template: string | undefined };

/** Asks RAM whether the function's role may do what the rules need. Passes only if that is certain. */
async function checkAttached(name: string, { rules, template }: Files, io: Io): Promise<number> {
  if (name !== 'policy') {
    io.out(`The ${name} depends on no rule: once attached it stays right.\n`);
    return 0;
  }
  const { source } = await loadRules(rules);
  const deployed = await findTemplate(template, dirname(rules), io.env);
  const findings = await checkDeployment(source, deployed, io, 'roles');
  for (const { state, found, advice } of findings) {
    io.out(`${state}: ${found}\n${advice === undefined ? '' : `\n${advice}\n`}`);
  }
  return findings.every(({ state }) => state === 'ok') ? 0 : 1;
}

async function checkTriggersOf({ rules, template: named }: Files, io: Io): Promise<number> {
  const { compiled, diagnostics, ofDeployment, template } = await checkFiles(rules, named, io.env);
  assertRight(compiled);
  if (template === undefined) {
    throw new CliError('--check: there is no s.yaml beside the rules; name it with --template.');
  }
  const failing = diagnostics.filter((one) => one.severity !== 'note' && ofDeployment.includes(one));
  const unknown = ofDeployment.filter(({ code }) => code === 'unknown-part');
  const asFar = unknown.length === 0 ? '' : ', as far as they can be looked up';
  io.out(
    failing.length === 0
      ? `${paintDiagnostics(unknown, io)}The triggers of ${template} agree with ${rules}${asFar}.\n`
      : paintDiagnostics(failing, io),
  );
  return failing.length === 0 ? 0 : 1;
}
