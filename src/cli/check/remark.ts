import { formatIssue, type Issue, type LocatedIssue, type Path } from '../../check/old/issue.ts';
import type { Locate } from '../../check/old/load.ts';

/** One thing that `check` has to say. `code` is stable, for scripts; errors fail the build. */
export interface Remark {
  severity: 'error' | 'warning' | 'info';
  code: string;
  issue: Issue | LocatedIssue;
}

/** Makes remarks about one file. */
export type Say = (
  severity: Remark['severity'],
  code: string,
  path: Path,
  message: string,
  place?: Place,
) => void;

interface Place {
  offset: number;
  length: number;
}

/** Remarks are added to `remarks`, each with its line. */
export function createSay(remarks: Remark[], locate: Locate): Say {
  return (severity, code, path, message, place) =>
    remarks.push({ severity, code, issue: locate({ path, expected: '', received: '', message, ...place }) });
}

/** `error file:line:column message`, with the line quoted and underlined. */
export function formatRemark({ severity, issue }: Remark): string {
  return `${severity} ${formatIssue(issue)}\n`;
}

/** For machines. */
export function toJson({ severity, code, issue }: Remark): object {
  const { expected, received, sourceLine: _, ...rest }: Partial<LocatedIssue> = issue;
  return { severity, code, ...rest, ...(expected && { expected, received }) };
}
