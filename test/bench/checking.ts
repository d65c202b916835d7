import { checkRules } from '../../src/check/check.ts';
import { hardRules, manyRules, ordinaryRules } from '../check/large-rule-sets.ts';
import { compileSketches, type Sketch } from '../check/sketches.ts';
import { type Figure, figureOf } from './figures.ts';
import type { Bench } from './in-turn.ts';

/** Processor time in s that it takes to compile and check rules once. */
function secondsFor(sketches: readonly Sketch[]): number {
  const before = process.cpuUsage();
  const compiled = compileSketches(sketches);
  if (compiled.ok) {
    checkRules(compiled);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The time of `oss-saveas check` for rules by the thousand, and for a few that are hard. */
export const checking: Bench = async (_stub, progress) => {
  const sets: [string, readonly Sketch[], string][] = [
    ['a thousand ordinary rules', ordinaryRules, '5 s'],
    ...manyRules.map(([name, sketches]): [string, Sketch[], string] => [name, sketches, '10 s']),
    ...hardRules.map(([name, sketches]): [string, Sketch[], string] => [`a few ${name}`, sketches, '10 s']),
  ];
  return sets.map(([name, sketches, target]): Figure => {
    progress(name);
    const samples = [1, 2, 3].map(() => secondsFor(sketches));
    return { ...figureOf('check', name, 's', samples), target };
  });
};
