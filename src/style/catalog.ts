import data from './catalog.json' with { type: 'json' };

type Note = readonly string[];

/** What one parameter, or the bare value of an action, may be. */
export interface Parameter {
  /** `int`, `number`, `enum`, `color` (RRGGBB), `size` (WxH), `base64` (URL-safe, of UTF-8 text) or `string`. */
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** Values that some official text uses, but not the table of the action's own page. */
  readonly doubtful?: readonly string[];
  /** What the text in a Base64 value may be; `pattern` in words. */
  readonly decoded?: readonly string[];
  readonly pattern?: string;
  readonly says?: string;
  readonly maxBytes?: number;
  readonly maxChars?: number;
  readonly default?: string;
  readonly required?: boolean;
  /** Beside any of these only one of both counts. */
  readonly ignoredWith?: readonly string[];
  /** It has an effect only where these are given with one of the values (none listed: with any). */
  readonly onlyWith?: Readonly<Record<string, readonly string[]>>;
  /** `[severity, text]` by value; `''` is any. */
  readonly notes?: Readonly<Record<string, Note>>;
  /** The only regions for a value. */
  readonly regions?: Readonly<Record<string, readonly string[]>>;
  /** Only in the preprocessing of a watermark image. */
  readonly nested?: boolean;
  /** Known from secondary sources alone, or contradicted: what breaks it is doubtful, not refused. */
  readonly soft?: boolean;
  /** The EC numbers with which OSS refuses a wrong value, an empty one, none at all. */
  readonly ec?: string;
  readonly emptyEc?: string;
  readonly missingEc?: string;
}

export interface Operation {
  /** `sync`, `async` or `either`: the requests that run it. */
  readonly mode: string;
  readonly value?: Parameter;
  readonly params?: Readonly<Record<string, Parameter>>;
  /** At least one of these must be given. */
  readonly oneOf?: readonly string[];
  readonly missingEc?: string;
  readonly alone?: boolean;
  readonly last?: boolean;
  /** The actions of its category that it may follow, where one action is the rule. */
  readonly after?: readonly string[];
  /** `required` or `refused`. */
  readonly saveAs?: string;
  readonly note?: string;
  /** Its parameters are not documented in full. */
  readonly open?: boolean;
}

/**
 * Every operation of OSS data processing by category and name: parameters, ranges, enums, EC numbers. From the pages
 * under https://www.alibabacloud.com/help/en/oss/user-guide/ (images, media, documents, "sys/saveas"), the 0040-…
 * and 0053-… error pages and the tests of the official SDKs. Where pages disagree, the newer one holds.
 */
export const catalog: Readonly<Record<string, Readonly<Record<string, Operation>>>> = data;

/** An own property; `constructor` and its like are no names of the catalog. */
export function lookUp<T>(record: Readonly<Record<string, T>> | undefined, name = ''): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
