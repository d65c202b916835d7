import { didYouMean } from '../did-you-mean.ts';
import { forms, type Parameter } from './catalog.ts';

/** Describes what should stand in a value's place, by the catalog; undefined where the value is right. */
export function judgeValue(value: string, parameter: Parameter): string | undefined {
  const { type, values = [] } = parameter;
  if (type === 'base64') {
    return judgeBase64(value, parameter);
  }
  if (type !== 'enum') {
    return judgeForm(value, parameter);
  }
  const expected = values.length > 1 ? `one of ${values.join(', ')}` : values.join();
  return values.includes(value) ? undefined : expected + didYouMean(value, values);
}

function judgeForm(value: string, parameter: Parameter): string | undefined {
  const { type, min = -Infinity, max = Infinity } = parameter;
  const { pattern = '', noun = 'a value' } = forms[type] ?? {};
  const numbers = type === 'color' ? [] : (value.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  if (new RegExp(pattern).test(value) && numbers.every((number) => number >= min && number <= max)) {
    return undefined;
  }
  const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` of ${min} or more` : '';
  return noun + range;
}

function judgeBase64(value: string, { maxBytes = Infinity, pattern = '', inWords }: Parameter) {
  const text = decodeBase64(value);
  if (text === undefined || text === '') {
    return 'text in URL-safe Base64 without padding';
  }
  if (new TextEncoder().encode(text).length > maxBytes) {
    return `the Base64 of text of at most ${maxBytes} bytes`;
  }
  return new RegExp(pattern, 'su').test(text) ? undefined : `the Base64 of ${inWords}`;
}

/** The text in a Base64 value, URL-safe or standard, padded or not; undefined where it is no Base64 or no UTF-8. */
export function decodeBase64(value: string): string | undefined {
  try {
    const binary = atob(/[^\w+/=-]/.test(value) ? '!' : value.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
