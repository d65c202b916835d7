import type { Diagnostic } from '../../../../check/diagnostic.ts';
import { t } from '../i18n/translate.ts';
import { Icon } from '../ui/icon.tsx';

interface ProblemsProps {
  diagnostics: readonly Diagnostic[];
  onSelect: (diagnostic: Diagnostic) => void;
}

/** Everything that the checker reports about the rules; each item leads to its place in the editor. */
export function Problems({ diagnostics, onSelect }: ProblemsProps) {
  if (diagnostics.length === 0) {
    return <p class="note good">{t('rules.noProblems')}</p>;
  }
  return (
    <ul class="diagnostics" aria-label={t('rules.problems')}>
      {diagnostics.map((diagnostic) => (
        <li key={`${diagnostic.place?.line} ${diagnostic.message}`} data-severity={diagnostic.severity}>
          <button type="button" class="link" onClick={() => onSelect(diagnostic)}>
            <Icon name={diagnostic.severity === 'note' ? 'info' : 'warning'} />
            <span>
              {diagnostic.place && <b>{diagnostic.place.line}: </b>}
              {diagnostic.message}
              {diagnostic.hint !== undefined && <small> {diagnostic.hint}</small>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
