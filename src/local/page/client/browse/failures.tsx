import { useEffect, useState } from 'preact/hooks';
import { nameOf, t } from '../i18n/translate.ts';
import { readAlong, state } from '../live.ts';
import { getFromServer, sendToServer } from '../server.ts';

/** A plan of faults as `/-/faults` accepts it, with how often each rule applied. */
interface CountedFaultPlan {
  rules?: CountedFault[];
}

interface CountedFault {
  fault: string;
  operation?: string;
  probability?: number;
  delayMs?: number;
  /** How many requests it has affected. */
  applied?: number;
}

/** The faults that have a switch, each as a rule of the plan. */
const offered: readonly CountedFault[] = [
  { fault: 'CpuLimitExceeded', probability: 0.5 },
  { fault: 'ServiceUnavailable', operation: 'ProcessObject' },
  { fault: 'SlowAnswer', operation: 'ProcessObject', delayMs: 3000 },
  { fault: 'InternalError', operation: 'ProcessObject', probability: 0.5 },
  { fault: 'DropBefore', operation: 'ProcessObject', probability: 0.5 },
  { fault: 'DropAfter', operation: 'ProcessObject', probability: 0.5 },
  { fault: 'TruncatedAnswer', operation: 'ProcessObject', probability: 0.5 },
  { fault: 'RequestTimeTooSkewed', operation: 'ProcessObject' },
  { fault: 'SecurityTokenExpired', operation: 'ProcessObject' },
  { fault: 'AccessDenied', operation: 'ProcessObject' },
  { fault: 'ImageTooLarge', operation: 'ProcessObject' },
];

/** Switches for the faults that the local OSS should have from now on. */
export function Failures() {
  const [plan, setPlan] = useState<CountedFaultPlan>();
  const faults = state.value?.faults.join();
  useEffect(() => {
    const read = () => getFromServer<CountedFaultPlan>('faults');
    return readAlong({ read, take: setPlan, concerns: () => true }); // Any entry may tell of one.
  }, [faults]);
  if (plan === undefined) {
    return <p class="loading">{t('loading')}</p>;
  }
  const { rules = [] } = plan;
  // Rules in force replace the predefined ones.
  const listed = new Map([...offered, ...rules].map((rule) => [rule.fault, rule]));
  const put = async (changed: CountedFaultPlan) => {
    const sent = changed.rules?.map(({ applied: _, ...rule }) => rule);
    setPlan(changed);
    try {
      setPlan(await sendToServer<CountedFaultPlan>('PUT', 'faults', { ...changed, rules: sent }));
    } catch (error) {
      setPlan(plan);
      throw error;
    }
  };
  const toggle = (rule: CountedFault) => {
    const others = rules.filter(({ fault }) => fault !== rule.fault);
    put({ ...plan, rules: others.length < rules.length ? others : [...rules, rule] });
  };
  return (
    <section class="failures" aria-labelledby="failures-title">
      <div class="heading">
        <h2 id="failures-title">{t('failures.title')}</h2>
        <button type="button" onClick={() => put({})}>
          {t('failures.allOff')}
        </button>
      </div>
      <p>{t('failures.lead')}</p>
      <ul>
        {[...listed.values()].map((rule) => (
          <Fault key={rule.fault} rule={rule} isOn={rules.includes(rule)} toggle={toggle} />
        ))}
      </ul>
    </section>
  );
}

interface FaultProps {
  rule: CountedFault;
  isOn: boolean;
  toggle: (rule: CountedFault) => void;
}

function Fault({ rule, isOn, toggle }: FaultProps) {
  const { fault, probability = 1, applied } = rule;
  return (
    <li>
      <label class="switch">
        <input type="checkbox" checked={isOn} onChange={() => toggle(rule)} />
        <span>
          <strong>{nameOf('fault', fault)}</strong>
          <small>
            <code>{fault}</code>
            {probability < 1 && ` · ${t('failures.share', { percent: Math.round(probability * 100) })}`}
            {applied !== undefined && ` · ${t('failures.applied', { count: applied })}`}
          </small>
        </span>
      </label>
    </li>
  );
}
