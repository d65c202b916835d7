/** Mulberry32: numbers from 0 to 1, the same sequence for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A token bucket with the calls of one second; returns false if it is empty. */
export function createQuota(callsPerSecond: number | undefined, now: () => number): () => boolean {
  if (callsPerSecond === undefined) {
    return () => true;
  }
  let tokens = callsPerSecond;
  let filledMs = now();
  return () => {
    const elapsedMs = Math.max(0, now() - filledMs);
    filledMs += elapsedMs;
    tokens = Math.min(callsPerSecond, tokens + (elapsedMs / 1000) * callsPerSecond);
    if (tokens < 1) {
      return false;
    }
    tokens -= 1;
    return true;
  };
}
