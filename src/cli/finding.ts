/** One line of the doctor's: what was looked at, how it stands, and what to do where it is not well. */
export interface Finding {
  check: string;
  state: 'ok' | 'wrong' | 'cannot tell';
  found: string;
  advice?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

export const wrong = (check: string, found: string, advice: string): Finding => ({
  check,
  state: 'wrong',
  found,
  advice,
});

export const cannotTell = (check: string, found: string, advice: string): Finding => ({
  check,
  state: 'cannot tell',
  found,
  advice,
});
