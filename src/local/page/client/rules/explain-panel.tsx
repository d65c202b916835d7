import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Explanation, RuleExplanation } from '../../../../check/explain.ts';
import type { OssObject } from '../../../../process.ts';
import { nameOf, t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { route } from '../route.ts';
import { useAnswer } from './answer.ts';

/** The last object that was asked about, which outlives the view. */
const asked = signal<Partial<OssObject>>({});

/** A key, and what the rules in the editor would make of it. */
export function ExplainPanel({ text }: { text: string }) {
  const { parameters } = route.value;
  useEffect(() => {
    if (parameters.has('key')) {
      asked.value = Object.fromEntries(parameters);
    }
  }, [parameters]);
  const upload = state.value?.upload;
  const { key = `${upload?.prefix ?? ''}cat.jpg`, bucket = upload?.bucket } = asked.value;
  const isAsked = bucket !== undefined && text !== '' && key !== '';
  const explanation = useAnswer<Explanation>('explain', isAsked ? { text, bucket, key } : undefined);
  return (
    <section class="explain" aria-labelledby="explain-title">
      <h2 id="explain-title">{t('rules.tryKey')}</h2>
      <input
        class="mono"
        aria-labelledby="explain-title"
        value={key}
        spellcheck={false}
        onInput={({ currentTarget }) => {
          asked.value = { key: currentTarget.value };
        }}
      />
      <div aria-live="polite">
        {explanation?.skipped !== undefined && <p class="note">{nameOf('reason', explanation.skipped)}</p>}
        {explanation?.rules.length === 0 && <p class="note">{t('rules.unknown')}</p>}
        <ul class="explained">
          {explanation?.rules.map((rule) => (
            <ExplainedRule key={rule.rule} {...rule} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function ExplainedRule({ rule, matches, why, provided, outputs }: RuleExplanation) {
  return (
    <li class={matches ? 'matches' : 'passes'}>
      <strong>{rule}</strong> <span class="verdict">{t(matches ? 'rules.matches' : 'rules.matchesNot')}</span>
      {(why ?? provided) !== undefined && <p class="why">{why ?? provided}</p>}
      {outputs.map(({ target, decoded, failed }) => (
        <p key={target?.key} class="explained-output">
          {target && <code>{target.key}</code>}
          {decoded !== undefined && <small class="mono">{decoded}</small>}
          {failed !== undefined && <span class="note error">{failed}</span>}
        </p>
      ))}
    </li>
  );
}
