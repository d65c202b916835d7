import type { StyleToken } from './parse.ts';

/**
 * `error`: OSS documents that it refuses this. `warning`: probably not what was meant, or refused for some sources
 * only. `info`: right, and surprising.
 */
export type Severity = 'error' | 'warning' | 'info';

/** Something about a style worth knowing before OSS sees it: `length` UTF-16 units from `offset` on. */
export interface StyleIssue {
  readonly severity: Severity;
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
}

/** What is known of the request that will carry the style; nothing is assumed of what is left out. */
export interface StyleRequest {
  /** ProcessObject (`sync`) or AsyncProcessObject (`async`). */
  readonly mode?: 'sync' | 'async';
  /** A save-as clause will be appended to the text. */
  readonly isSaved?: boolean;
  /** Such as `cn-hangzhou`. */
  readonly region?: string;
}

/** Takes an issue; with `expected` the message goes on `: expected …, received …{note}`, the text at the place. */
export type Report = (
  severity: Severity,
  at: StyleToken,
  message: string,
  expected?: string,
  note?: string,
) => void;
