/**
 * One measured process: `node instance.js <handler file | bare> <checkpoints>`. Loads a handler as a function instance
 * would, handles events one after the other, and writes one JSON line to descriptor 3: what it took from the start of
 * the process to the first answer, and at each checkpoint (a number of events) since the one before.
 */
import { writeSync } from 'node:fs';
import { context, event } from './sample.ts';

const [, , program = 'bare', checkpoints = ''] = process.argv;

type Handler = (event: Buffer, context: unknown) => Promise<unknown>;

function processorMs(): number {
  // User and system time of all threads since the process began: compilers in the background are paid for too.
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const epochMs = () => performance.timeOrigin + performance.now();
const peakMb = () => process.resourceUsage().maxRSS / 1024;

async function main(): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(event));
  // The runtime has written to the log before it calls a handler, so that no function pays for opening it: its line is what
  // programs of custom runtimes are told to write themselves (FC help, "Custom runtime", sample code).
  console.log(`FC Invoke Start RequestId: ${context.requestId}`);
  const handle: Handler = program === 'bare' ? async () => {} : require(program).handler;
  await handle(bytes, context);
  const first = { processorMs: processorMs(), endedAt: epochMs(), peakMb: peakMb() };

  const since = [];
  let handled = 1;
  for (const checkpoint of checkpoints.split(',').map(Number)) {
    const [startedAt, startedMs, before] = [epochMs(), processorMs(), handled];
    for (; handled < checkpoint; handled++) {
      await handle(bytes, context);
    }
    const events = Math.max(1, handled - before);
    since.push({
      processorUs: ((processorMs() - startedMs) * 1000) / events,
      wallMs: (epochMs() - startedAt) / events,
      peakMb: peakMb(),
    });
  }
  writeSync(3, JSON.stringify({ first, since }));
  process.exit();
}

main();
