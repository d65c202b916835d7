import { randomBytes } from 'node:crypto';
import type { StackEvent } from '../../stack-events.ts';
import type { PageState } from '../wire.ts';
import { countDeadLetters } from './dead-letters.ts';
import { createHandlers, type PageOptions } from './handlers.ts';
import { createHistory } from './history.ts';
import { createLive } from './live.ts';
import { planEvent } from './plan.ts';
import { createPageRoute } from './route.ts';
import { uploadPlace } from './rules.ts';

/**
 * The page of the local OSS: what it shows and may change. It only calls the project's own functions; uploads
 * and deletions go to the local OSS itself, by presigned URLs.
 */
export function createPage(options: PageOptions) {
  const { store, deadLetterDir, faults, defaultBucket } = options;
  const token = randomBytes(24).toString('base64url');
  let { rules } = options;
  let rulesProblem: string | undefined;
  let deadLetters = countDeadLetters(deadLetterDir);

  const history = createHistory((event) => planEvent(event, rules), options.now);
  const live = createLive(
    (): PageState => ({
      token,
      buckets: store.bucketNames(),
      upload: uploadPlace(rules, defaultBucket),
      rulesProblem,
      deadLetters,
      faults: faults.describe().rules.map(({ fault }) => fault),
    }),
  );
  const handlers = createHandlers(options, history, () => {
    deadLetters = countDeadLetters(deadLetterDir);
    live.tell([]);
  });
  return {
    /** Answers requests for the page; undefined for those that are OSS's. */
    route: createPageRoute({
      assetsDir: options.assetsDir,
      token,
      handlers,
      connect: (response, after) =>
        live.connect(response, after === '' ? [] : history.after(Number(after)), history.lastId()),
    }),
    /** Processes everything that happens in the stack. */
    take: (event: StackEvent): void => {
      if (event.type === 'rules') {
        const { update } = event;
        rulesProblem = update.status === 'refused' ? update.message : undefined;
        rules = update.status === 'loaded' ? update.ruleSet.rules : rules;
      }
      if (event.type === 'outcome' && event.outcome.deadLetter !== undefined) {
        deadLetters = countDeadLetters(deadLetterDir);
      }
      live.tell(history.take(event));
    },
  };
}
