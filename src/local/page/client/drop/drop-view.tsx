import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/translate.ts';
import { knownState, state } from '../live.ts';
import { pageAddress, readError } from '../server.ts';
import { Icon } from '../ui/icon.tsx';
import { Illustration } from './illustration.tsx';
import { UploadCard } from './upload-card.tsx';
import { uploadFiles, uploads } from './uploads.ts';

/** Drop, paste or choose pictures, and see what the rules make of them. */
export function DropView() {
  const upload = state.value?.upload;
  const place = { bucket: upload?.bucket ?? '', prefix: upload?.prefix ?? '', ...chosen.value };
  const take = async (files: Iterable<File>) => {
    const { upload: known } = await knownState();
    uploadFiles(files, { ...known, ...chosen.value });
  };
  const isDragging = useFilesFromAnywhere(take);
  return (
    <div class="drop">
      <section class={`drop-zone${isDragging ? ' dragging' : ''}${uploads.value.length > 0 ? ' slim' : ''}`}>
        {uploads.value.length === 0 && <Illustration />}
        <div>
          <h1>{t('drop.title')}</h1>
          {uploads.value.length === 0 && <p>{t('drop.lead')}</p>}
        </div>
        <Chooser take={take} />
        <Place {...place} />
      </section>
      <p class="visually-hidden" role="status">
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
  const done = uploads.value.filter(({ phase }) => phase === 'done' || phase === 'failed').length;
  return total === 0 ? '' : t('drop.progress', { done, total });
}

function Chooser({ take }: { take: (files: Iterable<File>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const takeSample = async () => {
    const answer = await fetch(pageAddress('sample'));
    if (!answer.ok) {
      throw await readError(answer);
    }
    take([new File([await answer.blob()], 'portrait.jpg', { type: 'image/jpeg' })]);
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
          take([...(currentTarget.files ?? [])]);
          currentTarget.value = ''; // The same file may be chosen again.
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

interface UploadPlace {
  bucket: string;
  prefix: string;
}

/** The person's own choice, which outlives the view. */
const chosen = signal<Partial<UploadPlace>>({});

function Place({ bucket, prefix }: UploadPlace) {
  const buckets = state.value?.buckets ?? [];
  const choose = (part: Partial<UploadPlace>) => {
    chosen.value = { ...chosen.value, ...part };
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

/** Takes files dropped anywhere on the page or pasted; true while some are held over it. */
function useFilesFromAnywhere(take: (files: Iterable<File>) => void): boolean {
  const [isDragging, setDragging] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const takeFrom = (data: DataTransfer | null) => latest.current([...(data?.files ?? [])].map(named));
    addEventListener(
      'dragover',
      (event) => {
        event.preventDefault();
        setDragging(true);
      },
      { signal },
    );
    addEventListener('dragleave', (event) => event.relatedTarget === null && setDragging(false), { signal });
    addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        setDragging(false);
        takeFrom(event.dataTransfer);
      },
      { signal },
    );
    addEventListener('paste', (event) => takeFrom(event.clipboardData), { signal });
    return () => ending.abort();
  }, []);
  return isDragging;
}

/** Every picture from the clipboard is called image.png: the time tells them apart. */
function named(file: File): File {
  if (file.name !== 'image.png') {
    return file;
  }
  const time = new Date().toISOString().slice(0, 23).replace(/[-:.]/g, '');
  return new File([file], `pasted-${time}.png`, { type: file.type });
}
