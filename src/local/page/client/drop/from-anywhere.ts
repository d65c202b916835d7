import { signal } from '@preact/signals';
import { linkTo, route } from '../route.ts';
import { uploadFiles } from './uploads.ts';

/** Whether files are held over the page. */
export const isDragging = signal(false);

/** Uploads files that are dropped on the page, whichever view is open, and those pasted into Drop. */
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
    // The editor of the rules takes a text file as a text.
    if (files.length > 0 && !event.defaultPrevented) {
      event.preventDefault();
      location.hash = linkTo('drop');
      uploadFiles(files);
    }
  });
  addEventListener('paste', ({ target, clipboardData }) => {
    // Cells of a spreadsheet come with a picture of themselves, and a field wants their text.
    if (route.value.view === 'drop' && !(target instanceof HTMLInputElement)) {
      uploadFiles([...(clipboardData?.files ?? [])].map(named));
    }
  });
}

/** Every picture from the clipboard is called image.png: the time tells them apart. */
function named(file: File): File {
  if (file.name !== 'image.png') {
    return file;
  }
  const time = new Date().toISOString().slice(0, 23).replace(/[-:.]/g, '');
  return new File([file], `pasted-${time}.png`, { type: file.type });
}
