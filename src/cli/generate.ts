import { stringify } from 'yaml';
import { compileRules } from '../check/old/compile.ts';
import type { RuleSet } from '../check/old/rule.ts';
import { formatRemark } from './check/remark.ts';
import { checkFiles } from './check.ts';
import { CliError, type Command, type Option, textOf } from './command.ts';
import {
  eventPattern,
  nativeTriggers,
  type Place,
  rolePolicy,
  triggerPolicy,
  trustPolicy,
} from './generate/documents.ts';

/** As `s.yaml` writes it. */
const variable = (name: string) => `\${${name}}`;

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;

/** What can be generated, by name. Policies are for RAM, where variables of `s.yaml` mean nothing. */
const documents: Record<string, { isPolicy: boolean; make: (rules: RuleSet, place: Place) => string }> = {
  policy: { isPolicy: true, make: (rules, place) => json(rolePolicy(rules, place)) },
  trust: { isPolicy: true, make: () => json(trustPolicy('fc')) },
  'trigger-policy': { isPolicy: true, make: (_, place) => json(triggerPolicy(place)) },
  'trigger-trust': { isPolicy: true, make: () => json(trustPolicy('oss')) },
  trigger: {
    isPolicy: false,
    make: (rules, place) =>
      stringify({ triggers: nativeTriggers(rules, place) }, { lineWidth: 0, aliasDuplicateObjects: false }),
  },
  eventbridge: { isPolicy: false, make: (rules, place) => json(eventPattern(rules, place)) },
};

const placeOptions: Readonly<Record<string, Option>> = {
  region: { value: 'region', summary: 'in triggers (default the variable of s.yaml)' },
  account: { value: 'id', summary: 'the account (default its variable, in policies *)' },
  bucket: { value: 'name', summary: 'for rules that name none (default OSS_BUCKET)' },
  function: { value: 'name', default: 'oss-saveas', summary: 'the function' },
};

export const generate: Command = {
  name: 'generate',
  summary:
    'Writes what the rules need around them: the least policies, the narrowest trigger, the EventBridge pattern.',
  positionals: { name: Object.keys(documents).join('|'), summary: 'what to write', many: false },
  options: {
    rules: { value: 'file', default: 'rules.yaml', summary: 'the rules' },
    ...placeOptions,
    check: { summary: 'says whether what s.yaml has still agrees, in place of writing' },
    's-yaml': { value: 'file', summary: 'for --check (default the one beside the rules)' },
  },
  run: async (values, io, [name = '']) => {
    const found = documents[name];
    if (found === undefined) {
      throw new CliError(`expected one of ${Object.keys(documents).join(', ')}, received "${name}".`);
    }
    const rules = textOf(values, 'rules');
    const { isPolicy, make } = found;
    if (values.check !== true) {
      const given = (option: string) => (typeof values[option] === 'string' ? values[option] : undefined);
      const bucket = given('bucket') ?? io.env.OSS_BUCKET;
      const { oldRules: ruleSet } = await compileRules(rules);
      const isOpen = ruleSet.rules.some(({ match }) => match.bucket.length === 0);
      if (name === 'policy' && isOpen && bucket === undefined) {
        throw new CliError(
          'a rule names no bucket: set OSS_BUCKET or --bucket, so that the policy is for that bucket alone.',
        );
      }
      const place = {
        region: given('region') ?? variable('vars.region'),
        account: given('account') ?? (isPolicy ? '*' : variable("config('AccountID')")),
        bucket: bucket ?? variable('vars.bucket'),
        functionName: textOf(values, 'function'),
      };
      io.out(make(ruleSet, place));
      return 0;
    }
    if (isPolicy) {
      io.out(
        'Cannot tell: s.yaml names roles only, what they may do stands in RAM. oss-saveas doctor asks there.\n',
      );
      return 0;
    }
    const sYaml = typeof values['s-yaml'] === 'string' ? values['s-yaml'] : undefined;
    const { remarks, sYaml: file } = await checkFiles({ rules, ...(sYaml && { sYaml }) }, io.env);
    const failing = remarks.filter(
      ({ severity, code }) =>
        severity !== 'info' &&
        /^(rules|s-yaml|trigger-|unreached|partly-|own-outputs|invocation-)/.test(code),
    );
    if (file === undefined) {
      throw new CliError('--check: there is no s.yaml beside the rules; name it with --s-yaml.');
    }
    io.out(
      failing.length === 0
        ? `The triggers of ${file} agree with ${rules}.\n`
        : failing.map(formatRemark).join('\n'),
    );
    return failing.length === 0 ? 0 : 1;
  },
};
