import { startWorkbench } from '../faults/workbench.ts';

export const thumbnail = {
  name: 'thumbnail',
  match: { key: 'uploads/**' },
  onRemove: 'delete',
  outputs: [
    {
      style: 'image/resize,w_{w}',
      vary: { w: [10, 20] },
      target: { key: 'derived/{dir}/{base}-{w}' },
    },
  ],
};

export const targets = ['derived/uploads/a-10', 'derived/uploads/a-20'];

type Workbench = Awaited<ReturnType<typeof startWorkbench>>;

/** The function before a local OSS, with an upload and its outputs. */
export async function start(options: Partial<Parameters<typeof startWorkbench>[0]> = {}) {
  const workbench = await startWorkbench({ rules: { rules: [thumbnail] }, ...options });
  await workbench.invoke(await workbench.upload('uploads/a', 'a picture'));
  workbench.oss.events.splice(0);
  return workbench;
}

/** Deletes objects, and answers with the event that OSS raises. */
export async function removeAll({ oss }: Workbench, ...keys: string[]): Promise<object> {
  for (const key of keys) {
    await oss.call({ method: 'DELETE', bucket: 'photos', key });
  }
  return { events: oss.events.splice(0) };
}

export const readAll = ({ read }: Workbench, keys: readonly string[]) =>
  Promise.all(keys.map((key) => read(key)));

export const madeOf = (content: string) => [`image/resize,w_10(${content})`, `image/resize,w_20(${content})`];
