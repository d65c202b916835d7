/** The clock of undici's longer timeouts, which its own tests set forward. */
declare module 'undici/lib/util/timers.js' {
  const timers: { tick(delayMs: number): void };
  export default timers;
}
