import { expect, it, onTestFinished, vi } from 'vitest';
import { handler } from '../src/index.ts';

it('the function says what to do where its compiled rules cannot be read', async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('RULES_FILE', '/nowhere/rules.json');

  await expect(handler(Buffer.from('{}'), {})).rejects.toThrow(
    /^The compiled rules cannot be read \(Error: ENOENT.*\): build with `oss-saveas build`\.$/,
  );
});
