import { describe, expect, it } from 'vitest';
import { startWorkbench } from './workbench.ts';

const rules = {
  rules: [
    {
      name: 'thumbnail',
      match: { key: 'uploads/**' },
      outputs: [{ style: 'image/resize,w_1', target: { key: 'derived/{name}' } }],
    },
  ],
};

describe('a wrong clock', () => {
  it.each(['RequestTimeTooSkewed', 'InvalidSigningDate'])(
    'a wrong clock that OSS tells by %s is learnt once, for all later invocations of the instance',
    async (fault) => {
      const { upload, setFaults, invoke } = await startWorkbench({ rules });
      const event = await upload('uploads/a', 'pixels');
      await setFaults({ rules: [{ fault }] });

      const first = await invoke(event);
      const second = await invoke(event);

      expect([first.report.saved, first.calls]).toEqual([1, 2]);
      expect([second.report.saved, second.calls]).toEqual([1, 1]);
    },
  );

  it('a wrong clock is learnt again once it has been corrected', async () => {
    const { upload, setFaults, invoke } = await startWorkbench({ rules });
    const event = await upload('uploads/a', 'pixels');
    await setFaults({ rules: [{ fault: 'RequestTimeTooSkewed' }] });
    await invoke(event);
    await setFaults({});

    const { report, calls } = await invoke(event);

    expect([report.saved, calls]).toEqual([1, 2]);
  });
});

describe('an expired token', () => {
  it('an expired token is not tried again within the invocation, and the next one brings its own', async () => {
    const { oss, upload, invoke } = await startWorkbench({ rules });
    const event = await upload('uploads/a', 'pixels');
    const expired = oss.issueToken({ roleName: 'saver', ttlSeconds: 0 });

    const first = await invoke(event, expired);
    const second = await invoke(event);

    expect(first.report.results).toMatchObject([
      { kind: 'transient', code: 'SecurityTokenExpired', attempts: 1 },
    ]);
    expect(second.report.saved).toBe(1);
  });
});
