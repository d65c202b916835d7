/** Legal object keys that break careless encoders. */
export const hostileKeys: readonly string[] = [
  'a b.jpg',
  'a+b%20c%.jpg',
  '{name}.jpg',
  'a|b,c.jpg',
  `"a'b.jpg`,
  '中文/照片.jpg',
  '📷.jpg',
  'a/../b',
  './a/./b/..',
  'a//b?c=d&e#f',
  "!'()*;:@&=$~",
  `${'长'.repeat(340)}abc`,
];
