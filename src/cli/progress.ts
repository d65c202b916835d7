import type { Io } from './command.ts';

const width = 24;

/** A bar that is drawn over itself where somebody watches, and says nothing into a pipe. */
export function createProgressBar({ err, isTerminal }: Io, total: number) {
  let done = 0;
  const draw = (label: string): void => {
    if (!isTerminal || total < 2) {
      return;
    }
    const filled = Math.round((done / total) * width);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(width - filled)}`;
    err(`\r\u001b[K${bar} ${done}/${total} ${label}`);
  };
  return {
    show: draw,
    advance: (): void => {
      done += 1;
      draw('');
    },
    /** Takes the bar off the screen. */
    end: (): void => {
      if (isTerminal && total > 1) {
        err('\r\u001b[K');
      }
    },
  };
}
