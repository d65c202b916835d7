import type { Figure } from './figures.ts';
import { type Measured, measure, type Program, type RunOptions, type Stub } from './programs.ts';

export type Bench = (stub: Stub, progress: (text: string) => void) => Promise<Figure[]>;

/** A program with what it runs with, under the name of its figures. */
interface Candidate extends RunOptions {
  name: string;
  program: Program;
}

/**
 * Runs candidates in turn, round after round, so that a machine that gets slower does so for all of them. Gives what
 * was measured, by name.
 */
export async function inTurn(
  candidates: readonly Candidate[],
  rounds: number,
  progress: (text: string) => void,
): Promise<(name: string) => Measured[]> {
  const found = new Map<string, Measured[]>();
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    for (const { name, program, ...options } of candidates) {
      found.set(name, [...(found.get(name) ?? []), await measure(program, options)]);
    }
  }
  return (name) => found.get(name) ?? [];
}
