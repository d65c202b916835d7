import data from './catalog.json' with { type: 'json' };
import { parseStyle } from './parse.ts';

type Lists = Readonly<Record<string, readonly string[]>>;

/** Describes one parameter, or the bare value of an action. The catalog itself explains each field. */
export interface Parameter {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly pattern?: string;
  readonly inWords?: string;
  readonly maxBytes?: number;
  readonly tooLong?: string;
  readonly default?: string;
  readonly ignoredWith?: readonly string[];
  readonly onlyWith?: Lists;
  readonly notes?: Readonly<Record<string, string>>;
  readonly regions?: Lists;
  readonly nested?: boolean;
  readonly soft?: boolean;
  readonly plain?: string;
  readonly ec?: string;
  readonly formEc?: string;
}

export interface CatalogOperation {
  readonly mode: string;
  readonly value?: Parameter;
  readonly params?: Readonly<Record<string, Parameter>>;
  readonly needs?: readonly { readonly oneOf: readonly string[]; readonly ec?: string }[];
  readonly bothZeroEc?: string;
  readonly alone?: boolean;
  readonly last?: boolean;
  readonly mostActions?: number;
  readonly after?: readonly string[];
  readonly saveAs?: string;
  readonly imm?: boolean;
  readonly permission?: string | readonly string[];
  readonly label?: string;
  readonly several?: string;
  readonly forWatermarks?: boolean;
  readonly keepsAnimation?: Lists;
}

/**
 * Every operation of OSS data processing by category and name: parameters, ranges, enums, EC numbers. From
 * https://www.alibabacloud.com/help/en/oss/user-guide/ (images, media, documents, "sys/saveas"), the 0040-…
 * and 0053-… error pages and the official SDKs' tests. If pages disagree, the newer one counts.
 */
export const catalog: Readonly<Record<string, Readonly<Record<string, CatalogOperation>>>> = data.operations;

/** Value types that a regular expression defines; OSS's fonts; how it refuses whole pictures and styles. */
export const { forms, fonts, refusals } = data;

/** Looks up an own property, so that names such as `constructor` are not found. */
export function lookUp<T>(record: Readonly<Record<string, T>> | undefined, name = ''): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** An operation by category and name. Any name may be a style's; what a style does is mostly unknown. */
export function operationOf(category: string, name: string): CatalogOperation | undefined {
  const styleName = name.startsWith('::') ? '::name' : 'name';
  return lookUp(lookUp(catalog, category), category === 'style' ? styleName : name);
}

/** The operations of a style that the catalog knows, in order. */
export function operationsOf(style: string): CatalogOperation[] {
  return parseStyle(style).flatMap(({ category, actions }) =>
    actions.flatMap(({ name }) => operationOf(category.text, name.text) ?? []),
  );
}

/** Whether OSS runs a style only in asynchronous requests (OSS help, "Asynchronous processing"). */
export function isAsynchronous(style: string): boolean {
  return operationsOf(style)[0]?.mode === 'async';
}
