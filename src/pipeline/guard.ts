import type { ObjectEvent } from '../events/object-event.ts';
import { outputAffixes } from '../rules/affixes.ts';
import { accepts } from '../rules/automaton.ts';
import { createKeyIndex } from '../rules/key-index.ts';
import { feeds, outputBuckets, outputDfa } from '../rules/language.ts';
import { memoise } from '../rules/memoise.ts';
import type { Rule, RuleSet } from '../rules/rule.ts';

/**
 * The recursion guard: whether `rule` must leave this object alone because, by its name, it is an output of
 * the rule itself, or of a rule that this one leads to. Asked before any network call, of rules that match.
 *
 * A chain that ends (the output of one rule is the upload of another, and nothing leads back) is let through.
 */
export function isOwnOutput(rule: Rule, event: ObjectEvent, rules: RuleSet): boolean {
  return writersNear(rules)(event.key).some(
    (writer) => mayHaveWritten(writer, event) && leadsTo(rule, writer, rules),
  );
}

/** Finds the rules that may have written an object of some key; the others have not. */
const writersNear = memoise(({ rules }: RuleSet) =>
  createKeyIndex(rules, (rule) => rule.outputs.map((output) => outputAffixes(rule, output))),
);

function mayHaveWritten(writer: Rule, { bucket, key }: ObjectEvent): boolean {
  return writer.outputs.some((output) => {
    const buckets = outputBuckets(writer, output);
    if (buckets.length > 0 && !buckets.includes(bucket)) {
      return false;
    }
    const [first] = output.target.key.parts;
    if (first?.kind === 'text' && !key.startsWith(first.text)) {
      return false;
    }
    return accepts(outputDfa(output, writer), key);
  });
}

/** Whether processing under `from` can, over any number of rounds, have `to` process again. */
function leadsTo(from: Rule, to: Rule, rules: RuleSet): boolean {
  const reached = new Set([from]);
  for (const rule of reached) {
    if (rule === to) {
      return true;
    }
    for (const next of rules.rules) {
      if (!reached.has(next) && feeds(rule, next)) {
        reached.add(next);
      }
    }
  }
  return false;
}
