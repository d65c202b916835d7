import { decodeBase64 } from '../../../../base64-text.ts';
import { toBase64Url } from '../../../../base64url.ts';
import { type CatalogOperation, catalog, lookUp, type Parameter } from '../../../../style/catalog.ts';
import type { StyleAction } from '../../../../style/parse.ts';
import { t } from '../i18n/translate.ts';
import { labelOf } from './labels.ts';
import { type Edit, parameterValue, setParameter } from './style-edit.ts';

interface ParameterFormProps {
  text: string;
  action: StyleAction;
  onEdit: (edit: Edit) => void;
}

/** The documented parameters of one action, with their ranges. */
export function ParameterForm({ text, action, onEdit }: ParameterFormProps) {
  const name = action.name.text;
  const operation = lookUp(catalog.image, name);
  const parameters: (readonly [string | undefined, Parameter])[] = [
    ...(operation?.value === undefined ? [] : [[undefined, operation.value] as const]),
    ...Object.entries(operation?.params ?? {}).filter(([, { nested, soft }]) => !nested && !soft),
  ];
  if (parameters.length === 0) {
    return <p class="note">{t(operation === undefined ? 'try.unknownAction' : 'try.noParameters')}</p>;
  }
  return (
    <div class="parameters">
      {parameters.map(([key, spec]) => (
        <div key={key ?? ''} class="parameter">
          <label for={`parameter-${key}`}>
            {labelOf(name, key)} {key !== undefined && <code>{key}</code>}
          </label>
          <Control
            id={`parameter-${key}`}
            spec={spec}
            value={parameterValue(action, key)}
            onValue={(value) => onEdit(setParameter(text, action, key, value))}
          />
          <span class="range">{rangeOf(spec, isRequired(operation, key))}</span>
        </div>
      ))}
    </div>
  );
}

interface ControlProps {
  id: string;
  spec: Parameter;
  value: string;
  onValue: (value: string) => void;
}

function Control({ id, spec, value, onValue }: ControlProps) {
  if (spec.type === 'enum') {
    return (
      <select id={id} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        <option value="">{t('try.unset')}</option>
        {spec.values?.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  if (spec.type === 'color') {
    return (
      <input
        id={id}
        type="color"
        value={`#${/^[\da-f]{6}$/i.test(value) ? value : 'ffffff'}`}
        onInput={({ currentTarget }) => onValue(currentTarget.value.slice(1).toUpperCase())}
      />
    );
  }
  if (spec.type === 'int' || spec.type === 'number') {
    return <NumberControl id={id} spec={spec} value={value} onValue={onValue} />;
  }
  const isBase64 = spec.type === 'base64';
  return (
    <input
      id={id}
      value={isBase64 ? (decodeBase64(value) ?? '') : value}
      onInput={({ currentTarget }) =>
        onValue(isBase64 ? toBase64Url(currentTarget.value) : currentTarget.value)
      }
    />
  );
}

function NumberControl({ id, spec: { min, max }, value, onValue }: ControlProps) {
  const isSmall = min !== undefined && max !== undefined && max - min <= 1000;
  return (
    <span class="number">
      <input
        id={id}
        type="number"
        min={min}
        max={max}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
      {isSmall && (
        <input
          type="range"
          tabIndex={-1}
          aria-hidden="true"
          min={min}
          max={max}
          value={value === '' ? min : value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </span>
  );
}

/** Whether the action requires it; `value` is the bare value in the catalog. */
function isRequired(operation: CatalogOperation | undefined, key = 'value'): boolean {
  return operation?.needs?.some(({ oneOf }) => oneOf.join() === key) === true;
}

function rangeOf({ type, min, max, default: standard }: Parameter, required: boolean): string {
  const range = type === 'int' && min !== undefined ? `${min} – ${max ?? '∞'}` : '';
  const byDefault = standard === undefined ? '' : t('try.default', { value: standard });
  return [range, byDefault, required ? t('try.required') : ''].filter((text) => text !== '').join(' · ');
}
