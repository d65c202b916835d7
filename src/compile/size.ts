const bytesPerUnit: Record<string, number> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** The bytes of a size such as 20MB, in units of 1,024 as on OSS's bills; undefined if it is not a size. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?) ?([KMG]?B)$/i.exec(text) ?? [];
  const bytes = bytesPerUnit[unit.toUpperCase()];
  return bytes === undefined ? undefined : Math.round(Number(count) * bytes);
}
