import { DFA, NFA, type NodeFactory, TooManyNodesError } from 'refa';

/** Limits how many states may be built: every automaton is built with these factories. */
export interface Budget {
  dfa: NodeFactory<DFA.Node>;
  nfa: NodeFactory<NFA.Node>;
}

/** A budget of `states`, which also count in that of `whole`. Beyond it TooManyNodesError is thrown. */
export function createBudget(states: number, whole?: Budget): Budget {
  let used = 0;
  const counted = <Node>(factory: NodeFactory<Node>): NodeFactory<Node> => ({
    createNode: () => {
      used += 1;
      TooManyNodesError.assert(used, states, 'budget');
      return factory.createNode();
    },
  });
  return { dfa: counted(whole?.dfa ?? DFA.nodeFactory), nfa: counted(whole?.nfa ?? NFA.nodeFactory) };
}

/** Returns what `build` returns, or undefined if that takes more than `states`, or than `whole` has left. */
export function within<T>(states: number, build: (budget: Budget) => T, whole?: Budget): T | undefined {
  try {
    return build(createBudget(states, whole));
  } catch (error) {
    if (error instanceof TooManyNodesError) {
      return undefined;
    }
    throw error;
  }
}
