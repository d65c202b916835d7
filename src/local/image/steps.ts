import { type CatalogOperation, catalog, lookUp, refusals } from '../../style/catalog.ts';
import { parseStyle, type StyleAction } from '../../style/parse.ts';
import { type ParameterValues, readParameters } from './parameters.ts';
import { refuse } from './refuse.ts';

/** One action of a style with its parameters. Nothing is applied before all actions of a style are read. */
export interface Step {
  readonly name: string;
  readonly operation: CatalogOperation;
  readonly values: ParameterValues;
}

/** Reads the actions of a style, or of the preparation of a watermark's image; throws OSS's error. */
export function readSteps(style: string, isNested: boolean): Step[] {
  const segments = parseStyle(style);
  if (segments.some(({ category }) => category.text !== 'image')) {
    throw refuse(isNested ? refusals.watermarkStyle : refusals.notOneImage, style);
  }
  if (segments.length > refusals.pipes.count + 1) {
    throw refuse(refusals.pipes);
  }
  if (segments.some(({ actions }) => actions.length === 0 || actions.some(({ name }) => name.text === ''))) {
    throw refuse(refusals.noAction, style);
  }
  return segments.flatMap(({ actions }) => actions.map((action) => readStep(action, isNested)));
}

function readStep(action: StyleAction, isNested: boolean): Step {
  const name = action.name.text;
  const operation = lookUp(catalog.image, name);
  if (operation === undefined) {
    throw refuse(refusals.unknownAction, name);
  }
  if (isNested && operation.forWatermarks !== true) {
    throw refuse(lookUp(refusals.inside, name) ?? refusals.watermarkAction, name);
  }
  return { name, operation, values: readParameters(action, operation, isNested) };
}

export function keepsAnimation({ operation, values: { numbers, texts } }: Step): boolean {
  const isGiven = (name: string) => name in numbers || name in texts;
  const { with: needed, without, values } = operation.keepsAnimation ?? {};
  return (
    operation.keepsAnimation !== undefined &&
    needed?.some(isGiven) !== false &&
    without?.some(isGiven) !== true &&
    values?.includes(texts.value ?? '') !== false
  );
}
