import { type Dfa, type Edge, type Letter, lettersOf, type Nfa, nameOf } from './automaton.ts';
import { charSet, ranges } from './char-set.ts';

/** Beyond this many states a product is not built: its minimisation is quadratic in the worst case. */
const maxProduct = 1_000;

/**
 * The words that every one of `required` accepts and none of `forbidden` does, as the smallest deterministic
 * automaton there is; undefined where even building it would take too long.
 */
export function product(required: readonly Dfa[], forbidden: readonly Dfa[]): Nfa | undefined {
  const all = [...required, ...forbidden];
  const letters = lettersOf(all);
  const tuples = [all.map((dfa) => dfa.start)];
  const numbers = new Map([[nameOf(tuples[0] ?? []), 0]]);
  const table: number[][] = [];
  for (const states of tuples) {
    const row = letters.map(({ code }) => {
      const next = states.map((state, i) => all[i]?.step(state, code) ?? state);
      if (next.some((state, i) => i < required.length && state.members.length === 0)) {
        return dead;
      }
      const name = nameOf(next);
      const number = numbers.get(name) ?? tuples.push(next) - 1;
      numbers.set(name, number);
      return number;
    });
    table.push(row);
    if (tuples.length > maxProduct) {
      return undefined;
    }
  }
  const accepting = tuples.map((states) =>
    states.every((state, i) => state.accepting === i < required.length),
  );
  return minimal(table, accepting, letters);
}

const dead = -1;

/** Merges states that no word tells apart (Moore's partition refinement) and drops those that lead nowhere. */
function minimal(table: readonly number[][], accepting: readonly boolean[], letters: readonly Letter[]): Nfa {
  let blocks: number[] = accepting.map((yes) => (yes ? 1 : 0));
  // A state that goes nowhere for good refines like the dead one: block 0 with all its steps into block 0.
  for (let count = 0; ; ) {
    const names = new Map([[`0:${letters.map(() => 0).join()}`, 0]]);
    const refined = table.map((row, state) => {
      const name = `${blocks[state]}:${row.map((next) => (next === dead ? 0 : blocks[next])).join()}`;
      const block = names.get(name) ?? names.size;
      names.set(name, block);
      return block;
    });
    blocks = refined;
    if (names.size === count) {
      break;
    }
    count = names.size;
  }
  const edges: Edge[][] = Array.from({ length: Math.max(0, ...blocks) + 1 }, () => []);
  const accepts = new Set<number>();
  table.forEach((row, state) => {
    const block = blocks[state] ?? 0;
    if (accepting[state]) {
      accepts.add(block);
    }
    if (edges[block]?.length !== 0 || block === 0) {
      return;
    }
    const targets = new Map<number, number[]>();
    row.forEach((next, i) => {
      const to = next === dead ? 0 : (blocks[next] ?? 0);
      if (to !== 0) {
        targets.set(to, [...(targets.get(to) ?? []), i]);
      }
    });
    for (const [to, indices] of targets) {
      edges[block]?.push({ to, set: charSet(...indices.flatMap((i) => ranges(letters[i]?.set ?? []))) });
    }
  });
  return { edges, starts: [blocks[0] ?? 0], accepts: [...accepts] };
}
