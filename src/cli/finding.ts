/** One line of the doctor's: what was looked at, how it stands, and what to do where it is not well. */
export interface Finding {
  check: string;
  state: 'ok' | 'wrong' | 'cannot tell';
  found: string;
  advice?: string | undefined;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

/** A finding that is not well; `advice` says how to put it right. */
export function wrong(check: string, found: string, advice: string): Finding {
  return { check, state: 'wrong', found, advice };
}

/** A finding that is open; `advice` says how it could be told. */
export function cannotTell(check: string, found: string, advice: string): Finding {
  return { check, state: 'cannot tell', found, advice };
}

/** Resolves to what `look` finds; where it fails, that cannot be told. */
export async function lookAt(
  check: string,
  advice: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [cannotTell(check, error instanceof Error ? error.message : String(error), advice)];
  }
}
