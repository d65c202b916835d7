import type { RulesCheck } from '../../wire.ts';
import { t } from '../i18n/translate.ts';
import { layOut, rowPx } from './graph-layout.ts';

/** Draws what rules take and write, the chains they form, and loops in red with keys that would loop. */
export function ChainGraph({ rules, chains, cycles }: RulesCheck) {
  const names = rules.map(({ name }) => name);
  const { arcs, widthPx } = layOut(names, chains);
  const looping = new Set(chains.flatMap(({ rule, next, isLoop }) => (isLoop ? [rule, next] : [])));
  return (
    <section class="graph" aria-labelledby="graph-title">
      <h2 id="graph-title">{t('rules.graph')}</h2>
      <Verdict isKnown={rules.length > 0} hasLoops={cycles.length > 0} />
      <div class="graph-rows">
        <ol>
          {rules.map(({ name, takes, writes }) => (
            <li key={name} style={`height: ${rowPx - 12}px`} class={looping.has(name) ? 'loop' : undefined}>
              <Patterns label={t('rules.takes')} texts={takes} />
              <strong>{name}</strong>
              <Patterns label={t('rules.writes')} texts={writes} />
            </li>
          ))}
        </ol>
        {arcs.length > 0 && (
          <svg width={widthPx} height={rules.length * rowPx} aria-hidden="true">
            <marker id="tip" refX="5.25" refY="3.5" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M0 0L7 3.5L0 7z" />
            </marker>
            {arcs.map(({ path, isLoop }) => (
              <path key={path} d={path} class={isLoop ? 'arc loop' : 'arc'} marker-end="url(#tip)" />
            ))}
          </svg>
        )}
      </div>
      <ul class="visually-hidden">
        {chains.map(({ rule, next }) => (
          <li key={`${rule} ${next}`}>{t('rules.chain', { rule, next })}</li>
        ))}
      </ul>
      {cycles.map((steps) => (
        <ol key={steps.map(({ key }) => key).join()} class="cycle" aria-label={t('rules.example')}>
          {steps.map(({ rule, key }) => (
            <li key={`${rule} ${key}`}>
              <code>{key}</code> → <strong>{rule}</strong>
            </li>
          ))}
        </ol>
      ))}
    </section>
  );
}

function Verdict({ isKnown, hasLoops }: { isKnown: boolean; hasLoops: boolean }) {
  const found = hasLoops ? (['error', 'rules.loops'] as const) : (['good', 'rules.noLoops'] as const);
  const [tone, message] = isKnown ? found : (['', 'rules.unknown'] as const);
  return (
    <p class={`note ${tone}`} role="status">
      {t(message)}
    </p>
  );
}

function Patterns({ label, texts }: { label: string; texts: readonly string[] }) {
  const [first = '', ...others] = texts;
  return (
    <span class="patterns" title={texts.join('\n')}>
      <span class="visually-hidden">{label} </span>
      <code>{first}</code>
      {others.length > 0 && <small>+{others.length}</small>}
    </span>
  );
}
