/** A style as an output of `rules.yaml`, indented to fit below `outputs:`. */
export function yamlOutput(style: string): string {
  const extension = /\/format,([a-z]+)/.exec(style)?.[1] ?? '{ext}';
  return [
    `      - style: ${JSON.stringify(asTemplate(style))}`,
    `        target: { key: "derived/{dir}/{name}-new.${extension}" }`,
    '',
  ].join('\n');
}

/** Doubles braces, which would mean variables in a rule. */
function asTemplate(style: string): string {
  return style.replaceAll('{', '{{').replaceAll('}', '}}');
}
