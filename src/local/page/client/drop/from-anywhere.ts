import { signal } from '@preact/signals';
import { linkTo, route } from '../route.ts';
import { uploadFiles } from './uploads.ts';

/** Whether files are being dragged over the page. */
export const isDragging = signal(false);

/** Uploads files that are dropped in any view, and those that are pasted into Drop. */
export function startDropping(): void {
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) {
      event.preventDefault();
      isDragging.value = true;
    }
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) {
      isDragging.value = false;
    }
  });
  addEventListener('drop', (event) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    isDragging.value = false;
    // The rules editor inserts dropped text files itself.
    if (files.length > 0 && !event.defaultPrevented) {
      event.preventDefault();
      location.hash = linkTo('drop');
      uploadFiles(files);
    }
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // Spreadsheet cells come with a picture of themselves, but a field wants their text.
    if (route.value.view === 'drop' && !(target instanceof HTMLInputElement)) {
      uploadFiles([...(clipboardData?.files ?? [])].map(named));
    }
  });
}

/** Every picture from the clipboard is called image.png, so the time distinguishes them. */
function named(file: File): File {
  if (file.name !== 'image.png') {
    return file;
  }
  const time = new Date().toISOString().slice(0, 23).replace(/[-:.]/g, '');
  return new File([file], `pasted-${time}.png`, { type: file.type });
}
