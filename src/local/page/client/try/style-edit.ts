import { parseStyle, type StyleAction } from '../../../../style/parse.ts';

/** A style after an edit, and the new position of the caret. */
export interface Edit {
  text: string;
  caret: number;
}

/** The actions of the image part, in order. */
export function actionsOf(text: string): readonly StyleAction[] {
  const [first] = parseStyle(text);
  return first?.category.text === 'style' ? [] : (first?.actions ?? []);
}

/** The action at the caret; undefined before the first one. */
export function actionAt(actions: readonly StyleAction[], caret: number): StyleAction | undefined {
  return actions.findLast(({ name }) => name.offset <= caret);
}

/** The end of an action, after its last parameter. */
export function endOf({ name, parameters }: StyleAction): number {
  const { text, offset } = parameters.at(-1)?.value ?? name;
  return offset + text.length;
}

/** The value of a parameter in the text; the bare value if `key` is undefined. */
export function parameterValue(action: StyleAction, key: string | undefined): string {
  return findParameter(action, key)?.value.text ?? '';
}

/** Sets or adds a parameter of an action, or removes it if `value` is empty. */
export function setParameter(
  text: string,
  action: StyleAction,
  key: string | undefined,
  value: string,
): Edit {
  const found = findParameter(action, key);
  if (found === undefined) {
    const added = value === '' ? '' : `,${key === undefined ? '' : `${key}_`}${value}`;
    return replace(text, endOf(action), endOf(action), added);
  }
  const { offset, text: old } = found.value;
  const end = offset + old.length;
  return value === '' ? replace(text, found.whole.offset - 1, end, '') : replace(text, offset, end, value);
}

/** Adds an action after the others, before any `|sys/…`. */
export function appendAction(text: string, name: string): Edit {
  if (text.trim() === '') {
    return { text: `image/${name}`, caret: `image/${name}`.length };
  }
  const last = actionsOf(text).at(-1);
  const end = last === undefined ? text.length : endOf(last);
  const slash = text.slice(0, end).endsWith('/') ? '' : '/';
  return replace(text, end, end, `${slash}${name}`);
}

/** Removes an action; without the last one, the text is empty. */
export function removeAction(text: string, action: StyleAction): Edit {
  if (actionsOf(text).length === 1) {
    return { text: '', caret: 0 };
  }
  return replace(text, action.name.offset - 1, endOf(action), '');
}

function findParameter({ parameters }: StyleAction, key: string | undefined) {
  return parameters.find((parameter) => parameter.key?.text === key);
}

function replace(text: string, start: number, end: number, inserted: string): Edit {
  return { text: text.slice(0, start) + inserted + text.slice(end), caret: start + inserted.length };
}
