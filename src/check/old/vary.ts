import type { Values } from '../../rules/template.ts';
import type { Output } from './rule.ts';

/** Each choice of one value per variable; a single empty choice where nothing varies. */
export function combinations(vary: Output['vary']): Values[] {
  return Object.entries(vary).reduce<Values[]>(
    (choices, [name, values]) =>
      choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  );
}
