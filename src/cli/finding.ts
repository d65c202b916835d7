import { isOssError } from '../oss/errors.ts';

/** One line of the doctor's: what was checked, its state, and what to do if it is not ok. */
export interface Finding {
  check: string;
  state: 'ok' | 'wrong' | 'cannot tell';
  found: string;
  advice?: string | undefined;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

/** A fault; `advice` says how to fix it. */
export function wrong(check: string, found: string, advice: string): Finding {
  return { check, state: 'wrong', found, advice };
}

/** An open question; `advice` says how to answer it. */
export function cannotTell(check: string, found: string, advice: string): Finding {
  return { check, state: 'cannot tell', found, advice };
}

/** Resolves to what `look` finds. If it throws, the check cannot be told, or is as `failure` says. */
export async function lookAt(
  check: string,
  advice: string,
  look: () => Promise<Finding[]>,
  failure = cannotTell,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [failure(check, messageOf(error), advice)];
  }
}

/** Reports success of `act`. A failure is a fault, unless OSS only denies access to the user who asks. */
export async function attempt(check: string, advice: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return ok(check, await act());
  } catch (error) {
    // The endpoint of another region answers like this (OSS help: "AccessDenied").
    const isElsewhere = messageOf(error).includes('specified endpoint');
    return isOssError(error) && error.code === 'AccessDenied' && !isElsewhere
      ? cannotTell(check, messageOf(error), 'allow it to yourself; what the function may do is asked below')
      : wrong(check, messageOf(error), advice);
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
