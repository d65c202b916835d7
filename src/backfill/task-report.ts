import { z } from 'zod';
import { parseJson } from '../json.ts';
import { formatObject } from '../pipeline/result.ts';
import type { BatchTask } from './task-client.ts';

/** The ends of the outputs of one batch. */
export interface TaskReport {
  saved: number;
  /** The other outputs and objects by reason. */
  skipped: Record<string, number>;
  failures: TaskFailure[];
}

/** An output that failed, by the addresses of its objects; all outputs of the source where no target is named. */
export interface TaskFailure {
  source: string;
  target?: string | undefined;
  /** A later attempt may succeed. */
  mayHeal?: boolean | undefined;
  code: string;
  message: string;
  requestId?: string | undefined;
}

const objectSchema = z.object({ bucket: z.string(), key: z.string() });
const resultSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('failed'),
    source: objectSchema,
    target: objectSchema.optional(),
    kind: z.string(),
    code: z.string(),
    message: z.string(),
    requestId: z.string().optional(),
  }),
  z.object({ status: z.enum(['saved', 'removed', 'submitted']) }),
  z.object({ status: z.literal('skipped'), reason: z.string() }),
]);
const reportSchema = z.object({ results: z.array(resultSchema) });

/** Reads what the function returned; undefined where that is no report, as for accounts that are not given it. */
export function readReturned({ returnPayload = '' }: BatchTask): TaskReport | undefined {
  const parsed = reportSchema.safeParse(parseJson(returnPayload));
  if (!parsed.success) {
    return undefined;
  }
  const report: TaskReport = { saved: 0, skipped: {}, failures: [] };
  for (const result of parsed.data.results) {
    if (result.status === 'failed') {
      const { source, target, kind, code, message, requestId } = result;
      report.failures.push({
        source: formatObject(source),
        target: target && formatObject(target),
        mayHeal: kind !== 'permanent',
        code,
        message,
        requestId,
      });
    } else if (result.status === 'saved') {
      report.saved += 1;
    } else {
      const reason = result.status === 'skipped' ? result.reason : result.status;
      report.skipped[reason] = (report.skipped[reason] ?? 0) + 1;
    }
  }
  return report;
}

const headline =
  /(\d{1,6}) failed \([\w ,]{1,60}\), (\d{1,6}) saved(?:, (\d{1,6}) removed)?(?:, (\d{1,6}) submitted)?, (\d{1,6}) skipped/;

/**
 * Reads the text of the error that the function throws where outputs failed. Undefined where it does not name all of
 * them, as the text is bounded, or where Function Compute tells the name of the error alone.
 */
export function readThrown(
  { taskErrorMessage = '' }: BatchTask,
  outputs: readonly Pick<TaskFailure, 'source' | 'target'>[],
): TaskReport | undefined {
  const [, failed, saved, removed, submitted, skipped] = headline.exec(taskErrorMessage) ?? [];
  const lines = taskErrorMessage.split('\n').filter((line) => /^- (permanent|transient) /.test(line));
  const failures = lines.flatMap((line) => {
    const output = outputs.find((one) => names(line, one));
    const [, kind, code = ''] = line.split(' ');
    return output === undefined
      ? []
      : [{ ...output, mayHeal: kind !== 'permanent', code, message: line.slice(2) }];
  });
  if (failures.length === 0 || failures.length !== Number(failed)) {
    return undefined;
  }
  const others = { removed, submitted, 'left-alone': skipped };
  const counts = Object.entries(others).map(([reason, count = 0]): [string, number] => [
    reason,
    Number(count),
  ]);
  return {
    saved: Number(saved),
    skipped: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    failures,
  };
}

/** Whether a line of the error's text is about an output; where its target is not known, about any of its source. */
function names(line: string, { source, target }: Pick<TaskFailure, 'source' | 'target'>): boolean {
  return target === undefined
    ? line.includes(` ${source} -> `) || line.includes(` ${source}: `)
    : line.includes(` ${source} -> ${target} (rule `);
}

/** The beginning of what a task tells of its error. */
export function excerptOf({ taskErrorMessage = '' }: BatchTask): string {
  return taskErrorMessage.slice(0, 1_000);
}

/**
 * Whether the function refused the whole batch for the rules that it has. A version of it that knows no `rulesDigest`
 * refuses the field.
 */
export function isForOtherRules({ taskErrorMessage = '' }: BatchTask): boolean {
  // Keys of objects stand in the report of outputs that failed.
  return /RulesError|rulesDigest: /.test(taskErrorMessage) && !headline.test(taskErrorMessage);
}
