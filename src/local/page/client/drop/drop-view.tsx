import { useRef } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { state } from '../live.ts';
import { pageAddress, request } from '../server.ts';
import { Icon } from '../ui/icon.tsx';
import { isDragging } from './from-anywhere.ts';
import { Illustration } from './illustration.tsx';
import { UploadCard } from './upload-card.tsx';
import { chosenPlace, uploadFiles, uploads } from './uploads.ts';

/** Lets users drop, paste or choose pictures, and shows what the rules make of them. */
export function DropView() {
  return (
    <div class="drop">
      <section
        class={`drop-zone${isDragging.value ? ' dragging' : ''}${uploads.value.length > 0 ? ' slim' : ''}`}
      >
        {uploads.value.length === 0 && <Illustration />}
        <div>
          <h1>{t('drop.title')}</h1>
          {uploads.value.length === 0 && <p>{t('drop.lead')}</p>}
        </div>
        <Chooser />
        <FolderChooser />
      </section>
      <p class={uploads.value.length > 1 ? 'note' : 'visually-hidden'} role="status">
        {describeProgress()}
      </p>
      <div class="uploads">
        {uploads.value.map((item) => (
          <UploadCard key={item.id} upload={item} />
        ))}
      </div>
    </div>
  );
}

function describeProgress(): string {
  const total = uploads.value.length;
  const count = (end: string) => uploads.value.filter(({ phase }) => phase === end).length;
  return total === 0 ? '' : t('drop.progress', { done: count('done'), total, failed: count('failed') });
}

function Chooser() {
  const input = useRef<HTMLInputElement>(null);
  const takeSample = async () => {
    const answer = await request(pageAddress('sample'));
    uploadFiles([new File([await answer.blob()], 'portrait.jpg', { type: 'image/jpeg' })]);
  };
  return (
    <p class="actions">
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept="image/*"
        aria-label={t('drop.choose')}
        onChange={({ currentTarget }) => {
          uploadFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = ''; // Lets the user choose the same file again.
        }}
      />
      <button type="button" class="primary" onClick={() => input.current?.click()}>
        <Icon name="drop" /> {t('drop.choose')}
      </button>
      <button type="button" onClick={takeSample}>
        {t('drop.sample')}
      </button>
    </p>
  );
}

function FolderChooser() {
  const { bucket, prefix } = { ...state.value?.upload, ...chosenPlace.value };
  const buckets = state.value?.buckets ?? [];
  const choose = (part: typeof chosenPlace.value) => {
    chosenPlace.value = { ...chosenPlace.value, ...part };
  };
  return (
    <p class="place">
      <label>
        {t('bucket')}
        <select value={bucket} onChange={({ currentTarget }) => choose({ bucket: currentTarget.value })}>
          {buckets.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        {t('drop.prefix')}
        <input
          class="mono"
          value={prefix}
          spellcheck={false}
          onInput={({ currentTarget }) => choose({ prefix: currentTarget.value })}
        />
      </label>
    </p>
  );
}
