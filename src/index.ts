import { readFileSync } from 'node:fs';
import { createDefaultCredentials } from './credentials/default-chain.ts';
import { createHandler } from './handler.ts';
import { createAgent } from './oss/request.ts';
import type { Report } from './pipeline/report.ts';
import { parseRuleSet, type RuleSet, RulesError } from './rules/rule-set.ts';
import { readSettings } from './settings.ts';

let invoke: ReturnType<typeof createHandler> | undefined;

/**
 * Function Compute's entry point (`handler: index.handler`): the event's bytes and the context in, the report
 * out. What can be shared between invocations is made at the first one; credentials never are.
 */
export async function handler(event: Buffer, context: unknown): Promise<Report> {
  invoke ??= start();
  return invoke(event, context);
}

function start(): ReturnType<typeof createHandler> {
  const settings = readSettings(process.env, __dirname);
  return createHandler({
    settings,
    ruleSet: readRules(settings.rulesFile),
    dispatcher: createAgent(Math.max(16, settings.concurrency)),
    defaultCredentials: createDefaultCredentials(process.env),
    write: (line) => console.log(line),
  });
}

function readRules(file: string): RuleSet {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RulesError(`The compiled rules cannot be read (${reason}): build with \`oss-saveas build\`.`);
  }
  return parseRuleSet(text, file);
}
