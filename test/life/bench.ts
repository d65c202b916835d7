import { describeImage, startWorkbench } from '../faults/workbench.ts';
import { aliClient } from '../local/oss/ali-client.ts';

/** One rule with one output, and what it asks for beyond the picture. */
export const rulesOf = (more: object) => ({
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [{ style: 'image/resize,w_10', target: { key: 'derived/{base}' }, ...more }],
    },
  ],
});

/** The function before a local OSS, by such a rule, and the official client; `processed` lists what OSS has processed. */
export async function startLife(more: object, attemptTimeoutMs = 30_000) {
  const processed: string[] = [];
  const processImage: typeof describeImage = (request) => {
    processed.push(request.style);
    return describeImage(request);
  };
  const workbench = await startWorkbench({ rules: rulesOf(more), attemptTimeoutMs, oss: { processImage } });
  return { ...workbench, processed, client: aliClient(workbench.oss) };
}
