import { language } from '../preferences.ts';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

const tables: Record<'en' | 'zh', Messages> = { en, zh };

/** The message in the user's language; `{name}` stands for a value. */
export function t(key: keyof Messages, values: Record<string, string | number> = {}): string {
  return tables[language.value][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** The message for a name from elsewhere, such as a reason for skipping; without one, the name itself. */
export function nameOf(kind: 'reason' | 'fault', name: string): string {
  const messages: Record<string, string | undefined> = tables[language.value];
  return messages[`${kind}.${name}`] ?? name;
}
