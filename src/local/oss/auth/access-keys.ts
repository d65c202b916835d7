import { randomBytes } from 'node:crypto';
import { forbidden, type OssError } from '../http/errors.ts';

/** The account that owns all buckets. */
export const accountId = '1000000000000000';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** A temporary AccessKey of a role. */
interface TemporaryKey {
  readonly accessKeySecret: string;
  /** Its name in events (`userIdentity.principalId`). */
  readonly principalId: string;
  readonly token: string;
  readonly expiresMs: number;
}

/** For this long an AccessKey is reported as expired, later as unknown. */
const keptExpiredMs = 10 * 60 * 1000;

export type AccessKeys = ReturnType<typeof createAccessKeys>;

/**
 * The account's AccessKey and the temporary ones issued to roles, which live as long as the process. Codes
 * are those in OSS help, "403 errors", with ec numbers if a help page names one.
 */
export function createAccessKeys(accessKey: AccessKey, now: () => number) {
  const issued = new Map<string, TemporaryKey>();

  /** The owner of an AccessKey ID (with its security token); throws `OssError` 403. */
  function principalOf(accessKeyId: string, securityToken: string | undefined) {
    if (securityToken === undefined) {
      if (accessKeyId !== accessKey.id) {
        throw invalidAccessKeyId(issued.has(accessKeyId) ? '0002-00000003' : '0002-00000902');
      }
      return { accessKeySecret: accessKey.secret, principalId: accountId };
    }
    const key = issued.get(accessKeyId);
    if (key === undefined) {
      throw invalidAccessKeyId('0002-00000002');
    }
    if (key.token !== securityToken) {
      if ([...issued.values()].some(({ token }) => token === securityToken)) {
        const message = 'The Access Key Id and the security token you provided do not belong together.';
        throw forbidden('AccessKeyIdAndSecurityTokenNotMatch', message, { ec: '0002-00000004' });
      }
      throw forbidden('InvalidSecurityToken', 'The security token you provided is invalid.');
    }
    if (now() >= key.expiresMs) {
      const message = 'The security token you provided has expired.';
      throw forbidden('SecurityTokenExpired', message, { ec: '0002-00000007' });
    }
    return key;
  }

  return {
    principalOf,
    issueToken: ({ roleName, ttlSeconds = 3600 }: { roleName: string; ttlSeconds?: number }) => {
      // Keys are in order of age: once one is kept, so are all after it.
      for (const [id, { expiresMs }] of issued) {
        if (now() - expiresMs < keptExpiredMs) {
          break;
        }
        issued.delete(id);
      }
      const accessKeyId = `STS.${randomBytes(12).toString('hex')}`;
      const accessKeySecret = randomBytes(24).toString('base64url');
      const securityToken = randomBytes(96).toString('base64');
      const expiresMs = now() + ttlSeconds * 1000;
      const principalId = `${roleName}:local`;
      issued.set(accessKeyId, { accessKeySecret, principalId, token: securityToken, expiresMs });
      return { accessKeyId, accessKeySecret, securityToken };
    },
  };
}

function invalidAccessKeyId(ec: string): OssError {
  const message = 'The OSS Access Key Id you provided does not exist in our records.';
  return forbidden('InvalidAccessKeyId', message, { ec });
}
