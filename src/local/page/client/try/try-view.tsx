import { useLayoutEffect, useState } from 'preact/hooks';
import type { OssObject } from '../../../../process.ts';
import type { ObjectSummary } from '../../wire.ts';
import { formatBytes, formatDuration, formatPixels, formatSaving } from '../format.ts';
import { t } from '../i18n/translate.ts';
import { pauseMs } from '../live.ts';
import { replaceParameters, route } from '../route.ts';
import { pictureAddress } from '../server.ts';
import { Compare } from '../ui/compare.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { ActionList } from './action-list.tsx';
import { PictureStrip } from './picture-strip.tsx';
import { type Rendering, useRendering } from './rendering.ts';
import { useStyleEditor } from './style-editor.ts';
import { StyleDiagnostics, StyleInput } from './style-input.tsx';
import { yamlOutput } from './yaml-output.ts';

interface Trial {
  style: string;
  /** The picture; without a bucket, in the bucket of uploads. */
  object?: Partial<OssObject> | undefined;
}

/** The last trial, which outlives the view. */
let last: Trial = { style: 'image/resize,m_lfit,w_800/format,webp' };

function readRequested(parameters: URLSearchParams): Trial {
  const { style = last.style, ...object }: Record<string, string> = Object.fromEntries(parameters);
  return { style, object: 'key' in object ? object : last.object };
}

/** Shows a trial; a link to another one starts again. */
export function TryView() {
  const { parameters } = route.value;
  return <TrialView key={parameters} parameters={parameters} />;
}

/** Lets the user type a style, and shows what the checker says and what it makes of a picture. */
function TrialView({ parameters }: { parameters: URLSearchParams }) {
  const [requested] = useState(() => readRequested(parameters));
  const editor = useStyleEditor(requested.style);
  const [object, setObject] = useState<ObjectSummary>();
  const { text, diagnostics } = editor;
  const hasErrors = diagnostics.some(({ severity }) => severity === 'error');
  const { rendering, isBusy } = useRendering(object, hasErrors ? '' : text);
  // Immediately, because after the next paint the address may be another view's.
  useLayoutEffect(() => {
    last = { style: text, object: object ?? requested.object };
    const shown = { style: text, ...(object && { bucket: object.bucket, key: object.key }) };
    const timer = setTimeout(() => replaceParameters(shown), pauseMs); // Browsers allow 200 changes in 10 s.
    return () => clearTimeout(timer);
  }, [text, object]);
  return (
    <div class="try">
      <section class="stage" aria-label={t('try.result')}>
        {object !== undefined && (
          <Compare
            before={pictureAddress(object, object.eTag, previewStyle)}
            after={rendering.status === 'made' && rendering.pixels ? rendering.url : undefined}
            isBusy={isBusy}
          />
        )}
        <RenderingResult rendering={rendering} source={object} />
        <PictureStrip chosen={object} requested={requested.object} onChoose={setObject} />
      </section>
      <section class="bench">
        <h1>{t('try.title')}</h1>
        <label for="style-text">{t('try.style')}</label>
        <StyleInput {...editor} onChange={editor.setText} onCaret={editor.setCaret} />
        <StyleDiagnostics
          diagnostics={diagnostics}
          onSelect={({ span }) => span && editor.select(span.offset, span.offset + span.length)}
          onFix={editor.fix}
        />
        <p class="actions">
          <CopyButton text={text} label={t('try.copyStyle')} />
          <CopyButton text={yamlOutput(text)} label={t('try.copyOutput')} />
        </p>
        <ActionList
          {...editor}
          onSelect={({ name }) => editor.select(name.offset, name.offset + name.text.length)}
          onEdit={editor.edit}
        />
      </section>
    </div>
  );
}

/** Large enough for the stage, and in a format that every browser displays. */
const previewStyle = 'image/resize,m_lfit,w_1600,h_1600/format,webp';

function RenderingResult({ rendering, source }: { rendering: Rendering; source: ObjectSummary | undefined }) {
  if (rendering.status === 'failed') {
    return (
      <p class="note error" role="status">
        {rendering.message}
      </p>
    );
  }
  if (rendering.status === 'none' || source === undefined) {
    return <p class="details" role="status" />;
  }
  return (
    <p class="details" role="status">
      {rendering.pixels && <span class="pixels">{formatPixels(rendering.pixels)}</span>}
      <span>{rendering.contentType}</span>
      <span>{formatBytes(rendering.sizeBytes)}</span>
      <span class="saving">{formatSaving(rendering.sizeBytes, source.sizeBytes)}</span>
      <span>{formatDuration(rendering.durationMs)}</span>
      {rendering.pixels === undefined && (
        <span class="note warning">{t('try.notShown', { type: rendering.contentType })}</span>
      )}
    </p>
  );
}
