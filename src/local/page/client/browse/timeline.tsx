import type { OssObject } from '../../../../process.ts';
import { type Entry, isSame } from '../../wire.ts';
import { formatBytes, formatDuration, formatTime, nameFrom } from '../format.ts';
import { nameOf, t } from '../i18n/translate.ts';

interface TimelineProps {
  entries: readonly Entry[];
  object: OssObject;
}

/** Shows what happened to an object, oldest first: events, what the rules wanted, results, log lines. */
export function Timeline({ entries, object }: TimelineProps) {
  if (entries.length === 0) {
    return <p class="note">{t('timeline.empty')}</p>;
  }
  return (
    <ol class="timeline">
      {entries.map((entry) => (
        <li key={entry.id} class={toneOf(entry)}>
          <time dateTime={new Date(entry.timeMs).toISOString()}>{formatTime(entry.timeMs)}</time>
          <span>{describe(entry, object)}</span>
        </li>
      ))}
    </ol>
  );
}

function toneOf(entry: Entry): string {
  switch (entry.kind) {
    case 'result':
    case 'outcome':
      return entry.status;
    case 'retry':
      return 'failed';
    default:
      return entry.kind;
  }
}

function describe(entry: Entry, object: OssObject): string {
  switch (entry.kind) {
    case 'event':
      return t('timeline.event', { event: entry.eventName, size: formatBytes(entry.sizeBytes) });
    case 'delivery':
      return t('timeline.delivery', { count: entry.outputs.length });
    case 'result':
      return describeResult(entry, object);
    case 'retry':
      return t('timeline.retry', {
        attempts: entry.attempts,
        wait: formatDuration(entry.retryInMs),
        error: firstLine(entry.error),
      });
    case 'outcome':
      return entry.status === 'succeeded'
        ? t('timeline.succeeded', {
            duration: formatDuration(entry.durationMs),
            billed: formatDuration(entry.billedMs),
          })
        : t('timeline.failed', { attempts: entry.attempts, error: entry.error ?? '' });
    case 'log':
      return describeLine(entry.text);
    case 'rules':
      return ''; // It is about no object.
  }
}

function describeResult(entry: Extract<Entry, { kind: 'result' }>, object: OssObject): string {
  const { status, rule = '', target, reason, message = '' } = entry;
  const name = target === undefined ? '' : nameFrom(object, target);
  if (status === 'failed') {
    return t('timeline.outputFailed', { rule, error: message });
  }
  if (status === 'skipped') {
    const words = nameOf('reason', reason ?? '');
    return target === undefined ? words : t('timeline.skipped', { rule, target: name, reason: words });
  }
  if (status === 'removed' || status === 'submitted') {
    return t(`timeline.${status}`, { rule, target: name });
  }
  return target !== undefined && isSame(target, object)
    ? t('timeline.madeFrom', { rule, source: nameFrom(object, entry.object) })
    : t('timeline.saved', { rule, target: name });
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** A line of structured log in words; any other as it is. */
function describeLine(text: string): string {
  try {
    const { message, level: _, requestId: __, ...fields }: Record<string, unknown> = JSON.parse(text);
    const pairs = Object.entries(fields).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return [message, ...pairs].join(' · ');
  } catch {
    return text;
  }
}
