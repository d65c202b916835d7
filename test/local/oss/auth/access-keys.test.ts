import { describe, expect, it, vi } from 'vitest';
import { createAccessKeys } from '../../../../src/local/oss/auth/access-keys.ts';

const accessKey = { id: 'local', secret: 'local-secret' };

describe('tokens of a role', () => {
  it('tokens of a role are issued as fast however many are valid', () => {
    const now = vi.fn(() => 0);
    const { issueToken } = createAccessKeys(accessKey, now);
    for (let count = 0; count < 1000; count += 1) {
      issueToken({ roleName: 'oss-saveas' });
    }
    now.mockClear();

    issueToken({ roleName: 'oss-saveas' });

    expect(now.mock.calls.length).toBeLessThan(5);
  });

  it('tokens of a role are called expired at first, and unknown later on', () => {
    let timeMs = 0;
    const { issueToken, principalOf } = createAccessKeys(accessKey, () => timeMs);
    const { accessKeyId, securityToken } = issueToken({ roleName: 'oss-saveas', ttlSeconds: 60 });
    const isRefusedBy = (code: string) =>
      expect(() => principalOf(accessKeyId, securityToken)).toThrow(expect.objectContaining({ code }));

    timeMs = 60_000;
    issueToken({ roleName: 'oss-saveas' });
    isRefusedBy('SecurityTokenExpired');

    timeMs = 20 * 60_000;
    issueToken({ roleName: 'oss-saveas' });
    isRefusedBy('InvalidAccessKeyId');
  });
});
