import { isUtf8 } from 'node:buffer';
import { didYouMean } from '../did-you-mean.ts';
import type { Parameter } from './catalog.ts';
import type { Severity } from './style-issue.ts';

/** What is wrong with a value: what should stand there, and what more there is to say. */
export type Complaint = readonly [severity: Severity, expected: string, note?: string];

/**
 * Judges one value by what the catalog says of its parameter. An error is a value that the documentation excludes;
 * OSS answers "The value: … of parameter: … is invalid." or "Input is not base64 decoding.".
 */
export function judgeValue(value: string, spec: Parameter): Complaint | undefined {
  const judge = { enum: judgeEnum, base64: judgeBase64 }[spec.type] ?? judgeForm;
  const complaint = judge(value, spec);
  if (complaint?.[0] !== 'error') {
    return complaint;
  }
  const [, expected, note = ''] = complaint;
  const ec = (value === '' ? spec.emptyEc : undefined) ?? spec.ec;
  const refusal = ec === undefined ? '' : `; OSS refuses it with EC ${ec}`;
  return [spec.soft === true ? 'warning' : 'error', expected, note + refusal];
}

const forms: Readonly<Record<string, readonly [RegExp, string]>> = {
  int: [/^-?\d+$/, 'a whole number'],
  number: [/^-?\d+(\.\d+)?$/, 'a number'],
  color: [/^[\da-f]{6}$/i, 'six hex digits RRGGBB without "#"'],
  size: [/^(?=.*\d)\d*x\d*$/, 'a size such as 640x480 or 640x, of even sides'],
  string: [/./, 'a value'],
};

function judgeForm(
  value: string,
  { type, min = -Infinity, max = Infinity }: Parameter,
): Complaint | undefined {
  const [pattern, noun] = forms[type] ?? [/./, 'a value'];
  const numbers = (value.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  const fits = numbers.every((n) => n >= min && n <= max && (type !== 'size' || n % 2 === 0));
  if (pattern.test(value) && fits) {
    return undefined;
  }
  const range = max < Infinity ? ` from ${min} to ${max}` : min > -Infinity ? ` of ${min} or more` : '';
  return ['error', `${noun}${range}`];
}

function judgeEnum(value: string, { values = [], doubtful = [] }: Parameter): Complaint | undefined {
  if (values.includes(value)) {
    return undefined;
  }
  const expected = values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
  const isKnown = [...values, ...doubtful].some((name) => name.toLowerCase() === value.toLowerCase());
  if (isKnown) {
    return ['warning', expected, '; whether OSS takes this spelling is not documented'];
  }
  return ['error', expected, didYouMean(value, values)];
}

function judgeBase64(value: string, spec: Parameter): Complaint | undefined {
  const encoded = value.replace(/={1,2}$/, '');
  const expected = 'text in URL-safe Base64 without padding';
  if (!/^[\w+/-]+$/.test(encoded) || encoded.length % 4 === 1) {
    return ['error', expected];
  }
  const bytes = Buffer.from(encoded, 'base64url');
  if (!isUtf8(bytes)) {
    return ['warning', expected, ', which decodes to no text'];
  }
  const complaint = judgeText(bytes.toString(), spec);
  if (complaint !== undefined || (encoded === value && !/[+/]/.test(value))) {
    return complaint;
  }
  return ['warning', expected, `; OSS tolerates it in some requests, write ${bytes.toString('base64url')}`];
}

function judgeText(text: string, spec: Parameter): Complaint | undefined {
  const { decoded, pattern = '', says = '', maxBytes = Infinity, maxChars = Infinity } = spec;
  const [bytes, chars] = [Buffer.byteLength(text), [...text].length];
  if (bytes > maxBytes) {
    return ['error', `text of at most ${maxBytes} bytes`, `, ${bytes} bytes when decoded`];
  }
  if (chars > maxChars) {
    return ['error', `text of at most ${maxChars} characters`, `, ${chars} when decoded`];
  }
  const note = `, which is ${JSON.stringify(text)}`;
  if (!new RegExp(pattern, 's').test(text)) {
    return ['error', `the Base64 of ${says}`, note];
  }
  if (decoded === undefined || decoded.includes(text)) {
    return undefined;
  }
  return ['warning', `the Base64 of one of ${decoded.join(', ')}`, note + didYouMean(text, decoded)];
}
