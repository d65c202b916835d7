import { isOssError } from '../oss/errors.ts';

/** One line of the doctor's: what was looked at, how it stands, and what to do where it is not well. */
export interface Finding {
  check: string;
  state: 'ok' | 'wrong' | 'cannot tell';
  found: string;
  advice?: string | undefined;
}

/** A finding that is well. */
export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

/** A finding that is not well; `advice` says how to put it right. */
export function wrong(check: string, found: string, advice: string): Finding {
  return { check, state: 'wrong', found, advice };
}

/** A finding that is open; `advice` says how it could be told. */
export function cannotTell(check: string, found: string, advice: string): Finding {
  return { check, state: 'cannot tell', found, advice };
}

/** Resolves to what `look` finds; where it fails, that cannot be told, or is as `failure` says. */
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

/** Says what `act` finds well; a failure is wrong, unless OSS only keeps it from the person who asks. */
export async function attempt(check: string, advice: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return ok(check, await act());
  } catch (error) {
    // So OSS answers at the endpoint of another region (OSS help: "AccessDenied").
    const isElsewhere = messageOf(error).includes('specified endpoint');
    return isOssError(error) && error.code === 'AccessDenied' && !isElsewhere
      ? cannotTell(check, messageOf(error), 'allow it to yourself; what the function may do is asked below')
      : wrong(check, messageOf(error), advice);
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
