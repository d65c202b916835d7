import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
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
  // Flags of V8, for the whole process; one that lacks a flag prints a warning and goes on.
  // It would optimise undici's WebAssembly parser after its first answer, which costs 100 ms of processor
  // time and 35 MB; an instance of 0.1 vCPU and 128 MB reads a few short answers per event.
  setFlagsFromString('--liftoff-only');
  // Half as much inlining as by default makes 2 MB less of machine code, which is no slower.
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=460');
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
    throw new RulesError(`The compiled rules cannot be read (${cause}): build with \`oss-saveas build\`.`);
  }
  return parseRuleSet(text, file);
}
