import { DFA, NFA, type NodeFactory } from 'refa';

/** How many states may still be built; each automaton is built with its factories. */
export interface Budget {
  dfa: NodeFactory<DFA.Node>;
  nfa: NodeFactory<NFA.Node>;
}

/** More states would be built than the budget allows. */
export class TooComplexError extends Error {
  override name = 'TooComplexError';
}

/** A budget of so many states, which are counted in that of `whole` as well. */
export function createBudget(states: number, whole?: Budget): Budget {
  let left = states;
  const spend = () => {
    left -= 1;
    if (left < 0) {
      throw new TooComplexError('The automaton has too many states.');
    }
  };
  return {
    dfa: {
      createNode: () => {
        spend();
        return (whole?.dfa ?? DFA.nodeFactory).createNode();
      },
    },
    nfa: {
      createNode: () => {
        spend();
        return (whole?.nfa ?? NFA.nodeFactory).createNode();
      },
    },
  };
}

/** What `build` gives, or undefined where the budget does not suffice for it. */
export function within<T>(budget: Budget, build: (budget: Budget) => T): T | undefined {
  try {
    return build(budget);
  } catch (error) {
    if (error instanceof TooComplexError) {
      return undefined;
    }
    throw error;
  }
}
