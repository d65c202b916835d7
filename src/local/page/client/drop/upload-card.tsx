import type { PlannedOutput } from '../../wire.ts';
import { baseName, formatBytes, formatDuration, formatPixels, formatSaving, nameFrom } from '../format.ts';
import { nameOf, t } from '../i18n/translate.ts';
import { linkTo } from '../route.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Icon } from '../ui/icon.tsx';
import { ObjectPicture, pictureOf } from '../ui/picture.tsx';
import type { OutputProgress, PictureUpload } from './uploads.ts';

/** A picture that was dropped, with everything that the rules made of it. */
export function UploadCard({ upload }: { upload: PictureUpload }) {
  const { object, file, details, outputs } = upload;
  return (
    <article class="upload" aria-label={object.key} aria-busy={upload.phase === 'processing'}>
      <figure class="source">
        <ObjectPicture object={object} alt={file.name} {...pictureOf(details)} />
        <figcaption>
          <strong>{baseName(object.key)}</strong>
          <span class="details">
            {details?.picture && <span>{formatPixels(details.picture)}</span>}
            <span>{formatBytes(details?.sizeBytes ?? file.size)}</span>
          </span>
          <a class="mono key" href={linkTo('browse', { ...object })}>
            {object.key}
          </a>
        </figcaption>
      </figure>
      <div class="results">
        <UploadStatus upload={upload} />
        <ul class="outputs">
          {outputs.map((output) => (
            <OutputCard
              key={`${output.target.bucket}/${output.target.key}`}
              output={output}
              upload={upload}
            />
          ))}
        </ul>
      </div>
    </article>
  );
}

function UploadStatus({ upload }: { upload: PictureUpload }) {
  const { phase, progress, outputs, reason, retry, error } = upload;
  if (phase === 'uploading') {
    return <Progress value={progress} label={t('drop.uploading')} />;
  }
  const settled = outputs.filter(({ result }) => result && result.status !== 'failed').length;
  return (
    <>
      {phase === 'processing' && (
        <Progress
          value={settled / Math.max(outputs.length, 1)}
          label={t('drop.processing', { settled, total: outputs.length })}
        />
      )}
      {retry && (
        <p class="note warning">
          {t('drop.retry', { attempts: retry.attempts, seconds: Math.round(retry.retryInMs / 1000) })}
        </p>
      )}
      {error !== undefined && (
        <p class="note error" role="alert">
          <Icon name="warning" />
          <span>{error}</span>
        </p>
      )}
      {outputs.length === 0 && reason !== undefined && (
        <p class="note">
          {nameOf('reason', reason)} <a href={linkTo('rules', { ...upload.object })}>{t('drop.why')}</a>
        </p>
      )}
    </>
  );
}

function Progress({ value, label }: { value: number; label: string }) {
  return (
    <label class="progress">
      <span>{label}</span>
      <progress value={value} />
    </label>
  );
}

function OutputCard({ output, upload }: { output: OutputProgress; upload: PictureUpload }) {
  const { target, result, details, plan } = output;
  const sourceBytes = upload.details?.sizeBytes ?? upload.file.size;
  const isPending = result === undefined && (upload.phase === 'processing' || upload.phase === 'uploading');
  return (
    <li class={`output ${result?.status ?? (isPending ? 'pending' : 'failed')}`}>
      {result?.status === 'saved' ? (
        <a href={linkTo('browse', { ...target })}>
          <ObjectPicture object={target} alt={target.key} {...pictureOf(details)} />
        </a>
      ) : (
        <div class="picture empty">{isPending && <span class="shimmer" />}</div>
      )}
      <div class="about">
        <strong>{result?.rule ?? plan?.rule}</strong>
        {result?.status === 'saved' && <OutputDetails output={output} sourceBytes={sourceBytes} />}
        {result !== undefined && result.status !== 'saved' && <WhyNot output={output} />}
        <span class="mono key" title={`oss://${target.bucket}/${target.key}`}>
          {nameFrom(upload.object, target)}
        </span>
        {plan && <ProcessDetails {...plan} />}
      </div>
    </li>
  );
}

function OutputDetails({ output, sourceBytes }: { output: OutputProgress; sourceBytes: number }) {
  const { result, details } = output;
  const sizeBytes = details?.sizeBytes ?? result?.sizeBytes;
  return (
    <span class="details">
      {details?.picture && <span class="pixels">{formatPixels(details.picture)}</span>}
      {sizeBytes !== undefined && <span>{formatBytes(sizeBytes)}</span>}
      {sizeBytes !== undefined && (
        <span class={sizeBytes < sourceBytes ? 'saving' : undefined}>
          {formatSaving(sizeBytes, sourceBytes)}
        </span>
      )}
      {result?.durationMs !== undefined && <span>{formatDuration(result.durationMs)}</span>}
    </span>
  );
}

function WhyNot({ output: { result } }: { output: OutputProgress }) {
  if (result?.status === 'removed' || result?.status === 'submitted') {
    const { status, rule = '', target } = result;
    return <span class="note">{t(`timeline.${status}`, { rule, target: target?.key ?? '' })}</span>;
  }
  const words = result?.reason === undefined ? result?.message : nameOf('reason', result.reason);
  return <span class={`note ${result?.status === 'failed' ? 'error' : ''}`}>{words}</span>;
}

function ProcessDetails({ process, decoded }: PlannedOutput) {
  return (
    <details class="process">
      <summary>{t('process')}</summary>
      <code>{decoded}</code>
      <CopyButton text={process} label={t('copy')} />
    </details>
  );
}
