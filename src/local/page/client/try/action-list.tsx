import { catalog } from '../../../../style/catalog.ts';
import type { StyleAction } from '../../../../style/parse.ts';
import { t } from '../i18n/translate.ts';
import { Icon } from '../ui/icon.tsx';
import { labelOf } from './labels.ts';
import { ParameterForm } from './parameter-form.tsx';
import { appendAction, type Edit, removeAction } from './style-edit.ts';

/** Image actions that a save-as may contain; those that answer with a text stand alone and save nothing. */
const offered = Object.entries(catalog.image ?? {}).flatMap(([name, { mode, alone }]) =>
  mode === 'sync' && alone !== true ? [name] : [],
);

interface ActionListProps {
  text: string;
  actions: readonly StyleAction[];
  selected: StyleAction | undefined;
  onSelect: (action: StyleAction) => void;
  onEdit: (edit: Edit) => void;
}

/** The steps of the style, the parameters of one of them, and the actions that can be added. */
export function ActionList({ text, actions, selected, onSelect, onEdit }: ActionListProps) {
  return (
    <section class="actions-panel" aria-labelledby="actions-title">
      <h2 id="actions-title">{t('try.steps')}</h2>
      <ol class="steps">
        {actions.map((action) => (
          <li key={action.name.offset} class={action === selected ? 'selected' : undefined}>
            <button type="button" aria-pressed={action === selected} onClick={() => onSelect(action)}>
              {labelOf(action.name.text)}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={t('try.remove', { action: labelOf(action.name.text) })}
              onClick={() => onEdit(removeAction(text, action))}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ol>
      {selected !== undefined && <ParameterForm text={text} action={selected} onEdit={onEdit} />}
      <h3>{t('try.add')}</h3>
      <ul class="choices">
        {offered.map((name) => (
          <li key={name}>
            <button type="button" title={name} onClick={() => onEdit(appendAction(text, name))}>
              {labelOf(name)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
