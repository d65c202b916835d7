import type { BatchTask } from './task-client.ts';

/** The outcomes of a batch's outputs. */
export interface TaskReport {
  /** The outputs that did not fail, by what became of them. */
  others: Record<string, number>;
  failed: number;
  failures: TaskFailure[];
}

/** A failed output, named by its source and target; without a target, all outputs of the source. */
interface TaskFailure {
  source: string;
  target?: string | undefined;
  /** A later attempt may succeed. */
  mayHeal: boolean;
  code: string;
  message: string;
}

const headline =
  /(\d{1,6}) failed \([\w ,]{1,60}\), (\d+) saved(?:, (\d+) removed)?(?:, (\d+) submitted)?, (\d+) skipped/;

/**
 * Reads the error that the function throws if outputs of these sources failed. Undefined if its text, which
 * is limited, does not list all of them, or if Function Compute only gives the error's name.
 */
export function readThrown(
  { taskErrorMessage = '' }: BatchTask,
  sources: readonly string[],
): TaskReport | undefined {
  const [, failed, saved, removed, submitted, skipped] = headline.exec(taskErrorMessage) ?? [];
  const failures = taskErrorMessage.split('\n').flatMap((line) => readFailure(line, sources) ?? []);
  if (failures.length === 0 || failures.length !== Number(failed)) {
    return undefined;
  }
  const ends = Object.entries({ saved, removed, submitted, 'left-alone': skipped });
  const counts = ends.map(([end, count = 0]): [string, number] => [end, Number(count)]);
  const others = Object.fromEntries(counts.filter(([, count]) => count > 0));
  return { others, failed: failures.length, failures };
}

/** Reads `- permanent Code source -> target (rule name): message`; target and rule may be absent. */
function readFailure(line: string, sources: readonly string[]): TaskFailure | undefined {
  const [start = '', kind, code = ''] = /^- (permanent|transient) (\S+) /.exec(line) ?? [];
  const subject = line.slice(start.length);
  const source = sources.find((one) =>
    [' -> oss:', ' (rule ', ': '].some((end) => subject.startsWith(one + end)),
  );
  if (kind === undefined || source === undefined) {
    return undefined;
  }
  const [, target] = /^ -> (oss:.*?) \(rule /.exec(subject.slice(source.length)) ?? [];
  return { source, target, mayHeal: kind === 'transient', code, message: line.slice(2) };
}

/** The beginning of a task's error message. */
export function excerptOf({ taskErrorMessage = '' }: BatchTask): string {
  return taskErrorMessage.slice(0, 1_000);
}

/**
 * Whether the function refused the whole batch because it has other rules. A version that does not know
 * `rulesDigest` refuses that field.
 */
export function isForOtherRules({ taskErrorMessage = '' }: BatchTask): boolean {
  // The report of failed outputs contains keys, which might match by accident.
  return /RulesError|rulesDigest: /.test(taskErrorMessage) && !headline.test(taskErrorMessage);
}
