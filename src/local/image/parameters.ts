import { decodeBase64 } from '../../base64-text.ts';
import { type CatalogOperation, type Parameter, refusals } from '../../style/catalog.ts';
import { ecOf, findParameter, judgeValue } from '../../style/check-parameters.ts';
import type { StyleAction } from '../../style/parse.ts';
import { badRequest, type OssError } from '../oss/http/errors.ts';
import { refuse } from './refuse.ts';

/** Parameters by name, a bare value as `value`. Integers are numbers, all else is text, Base64 decoded. */
export interface ParameterValues {
  readonly numbers: Readonly<Record<string, number | undefined>>;
  readonly texts: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads an action's parameters by the catalog; throws OSS's error for a wrong one. Unknown ones are ignored:
 * OSS answers `crop,…,r_1` with 200 (all its SDKs test it).
 */
export function readParameters(action: StyleAction, operation: CatalogOperation, isNested: boolean) {
  const numbers: Record<string, number> = {};
  const texts: Record<string, string> = {};
  const isGiven = (name: string) => name in numbers || name in texts;
  const wholes = action.parameters.map(({ whole }) => whole.text);
  const isBothZero = wholes.includes('w_0') && wholes.includes('h_0');
  for (const parameter of action.parameters) {
    const { name, spec, value } = findParameter(parameter, operation, isNested);
    if (name === 'value' && isGiven(name)) {
      throw refuse(refusals.severalValues);
    }
    if (spec !== undefined && judgeValue(value.text, spec) !== undefined) {
      const shownName = name === 'value' ? action.name.text : name;
      throw refuseValue(value.text, shownName, spec, isBothZero ? operation.bothZeroEc : undefined);
    }
    if (spec?.type === 'int') {
      numbers[name] = Number(value.text);
    } else if (spec !== undefined) {
      texts[name] = spec.type === 'base64' ? (decodeBase64(value.text) ?? '') : value.text;
    }
  }
  for (const { oneOf, ec } of operation.needs ?? []) {
    if (!oneOf.some(isGiven)) {
      const message = `The action ${action.name.text} has no ${oneOf.join(' or ')}.`;
      throw badRequest('InvalidArgument', message, { ec });
    }
  }
  return { numbers, texts };
}

/** Messages and codes are from OSS help, "Image processing FAQ", and the pages on EC numbers. */
function refuseValue(text: string, name: string, spec: Parameter, bothZeroEc: string | undefined): OssError {
  const { type, ec, tooLong } = spec;
  const shown = type === 'base64' ? decodeBase64(text) : text;
  if (shown === undefined) {
    return refuse({ ...refusals.base64, ec });
  }
  if (tooLong !== undefined && shown !== '') {
    return badRequest('InvalidArgument', tooLong);
  }
  return badRequest('InvalidArgument', `The value: ${shown} of parameter: ${name} is invalid.`, {
    ec: bothZeroEc ?? ecOf(text, spec),
  });
}
