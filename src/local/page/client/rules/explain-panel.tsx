import { useEffect, useState } from 'preact/hooks';
import type { Explanation, RuleExplanation } from '../../../../check/explain.ts';
import { nameOf, t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { route } from '../route.ts';
import { sendToServer } from '../server.ts';

/** A key, and what the rules in the editor would make of it. */
export function ExplainPanel({ text }: { text: string }) {
  const wished = route.value.parameters.get('key');
  const prefix = state.value?.upload.prefix ?? '';
  const [typed, setTyped] = useState<string>();
  const key = typed ?? wished ?? `${prefix}cat.jpg`;
  const explanation = useExplanation(text, key);
  return (
    <section class="explain" aria-labelledby="explain-title">
      <h2 id="explain-title">{t('rules.tryKey')}</h2>
      <input
        class="mono"
        aria-labelledby="explain-title"
        value={key}
        spellcheck={false}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
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

/** The answer for the text and key of a moment ago; undefined while the rules cannot be read. */
function useExplanation(text: string, key: string): Explanation | undefined {
  const [explanation, setExplanation] = useState<Explanation>();
  const bucket = route.value.parameters.get('bucket') ?? state.value?.upload.bucket;
  useEffect(() => {
    if (bucket === undefined || text === '' || key === '') {
      return;
    }
    let isOvertaken = false;
    const timer = setTimeout(async () => {
      const answer = await sendToServer<Explanation>('POST', 'explain', { text, bucket, key }).catch(
        () => undefined,
      );
      if (!isOvertaken) {
        setExplanation(answer);
      }
    }, 150);
    return () => {
      isOvertaken = true;
      clearTimeout(timer);
    };
  }, [text, key, bucket]);
  return explanation;
}
