import type { Style, StyleAction, StyleParameter, StyleSegment } from './parse.ts';

/** The text of a style; for every text, `formatStyle(parseStyle(text)) === text`. */
export function formatStyle(style: Pick<Style, 'segments'>): string {
  return style.segments.map(formatSegment).join('|');
}

function formatSegment(segment: StyleSegment): string {
  if (segment.kind === 'style') {
    return `style/${segment.name.text}`;
  }
  return [segment.category.text, ...segment.actions.map(formatAction)].join('/');
}

function formatAction({ name, parameters, trailingComma }: StyleAction): string {
  return [name.text, ...parameters.map(formatParameter), ...(trailingComma ? [''] : [])].join(',');
}

function formatParameter({ key, value }: StyleParameter): string {
  return key === undefined ? value.text : `${key.text}_${value.text}`;
}
