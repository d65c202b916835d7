import { DFA, NFA, type NodeFactory } from 'refa';
import { expect, it } from 'vitest';
import { checkRules } from '../../src/check/check.ts';
import { hardRules, manyRules, ordinaryRules } from './large-rule-sets.ts';
import { compileSketches, type Sketch } from './sketches.ts';

/**
 * Compiles and checks: the codes that it finds, and the states of automata that it builds. These take most of its
 * time, and are as many on each machine, however busy it is; `npm run bench -- check` measures the time.
 */
function check(sketches: readonly Sketch[]) {
  let states = 0;
  const count = <Node>(factory: NodeFactory<Node>) => {
    const { createNode } = factory;
    Object.assign(factory, {
      createNode: () => {
        states += 1;
        return createNode.call(factory);
      },
    });
    return () => Object.assign(factory, { createNode });
  };
  const stops = [count(DFA.nodeFactory), count(NFA.nodeFactory)];
  const compiled = compileSketches(sketches);
  const { diagnostics } = compiled.ok ? checkRules(compiled) : compiled;
  for (const stop of stops) {
    stop();
  }
  const codes = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  return { codes: [...new Set(codes)], states };
}

it('the check of a thousand ordinary rules builds few states for each', () => {
  const { codes, states } = check(ordinaryRules);

  expect(codes).toEqual([]);
  expect(states / 1_000).toBeGreaterThan(100);
  expect(states / 1_000).toBeLessThan(150);
}, 240_000);

it.each(manyRules)(
  'the check answers within a million states for %s',
  (_, sketches, expected) => {
    const { codes, states } = check(sketches);

    expect(codes).toEqual(expected);
    expect(states).toBeLessThan(1_000_000);
  },
  240_000,
);

it.each(hardRules)(
  'a few rules %s are refused within a million states',
  (_, sketches) => {
    const { codes, states } = check(sketches);

    expect(codes).not.toEqual([]);
    expect(states).toBeLessThan(1_000_000);
  },
  240_000,
);
