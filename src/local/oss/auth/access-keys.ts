import { randomBytes } from 'node:crypto';
import type { Credentials } from '../../../oss/sign.ts';
import { forbidden } from '../http/errors.ts';
import type { Principal } from './authenticate.ts';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

export interface IssuedCredentials extends Credentials {
  readonly securityToken: string;
  /** ISO 8601, as STS writes it. */
  readonly expiration: string;
}

export interface AccessKeys {
  principalOf(accessKeyId: string, securityToken: string | undefined): Principal;
  issueToken(options: { roleName: string; ttlSeconds?: number }): IssuedCredentials;
}

interface IssuedKey extends Principal {
  readonly token: string;
  readonly expiresMs: number;
}

/**
 * The account's AccessKeys and the temporary ones issued to roles, which live as long as the process.
 * Codes as OSS help lists them for "403 errors"; ec numbers where a help page names one.
 */
export function createAccessKeys(
  accessKeys: readonly AccessKey[],
  accountId: string,
  now: () => number,
): AccessKeys {
  const owned = new Map(
    accessKeys.map(({ id, secret }) => [id, { accessKeySecret: secret, principalId: accountId }] as const),
  );
  const issued = new Map<string, IssuedKey>();

  function principalOf(accessKeyId: string, securityToken: string | undefined): Principal {
    if (securityToken === undefined) {
      return owned.get(accessKeyId) ?? refuseAccessKey('0002-00000902');
    }
    const key = issued.get(accessKeyId) ?? refuseAccessKey('0002-00000002');
    if (key.token !== securityToken) {
      refuseToken(securityToken, [...issued.values()]);
    }
    if (now() >= key.expiresMs) {
      throw forbidden('SecurityTokenExpired', 'The security token you provided has expired.');
    }
    return key;
  }

  function issueToken({
    roleName,
    ttlSeconds = 3600,
  }: {
    roleName: string;
    ttlSeconds?: number;
  }): IssuedCredentials {
    for (const [id, key] of issued) {
      if (now() - key.expiresMs > 3_600_000) {
        issued.delete(id);
      }
    }
    const accessKeyId = `STS.${randomBytes(12).toString('hex')}`;
    const accessKeySecret = randomBytes(24).toString('base64url');
    const token = randomBytes(96).toString('base64');
    const expiresMs = now() + ttlSeconds * 1000;
    issued.set(accessKeyId, { accessKeySecret, principalId: `${roleName}:local`, token, expiresMs });
    return {
      accessKeyId,
      accessKeySecret,
      securityToken: token,
      expiration: new Date(expiresMs).toISOString(),
    };
  }

  return { principalOf, issueToken };
}

function refuseAccessKey(ec: string): never {
  const message = 'The OSS Access Key Id you provided does not exist in our records.';
  throw forbidden('InvalidAccessKeyId', message, ec);
}

function refuseToken(securityToken: string, issued: readonly IssuedKey[]): never {
  if (!issued.some((key) => key.token === securityToken)) {
    throw forbidden('InvalidSecurityToken', 'The security token you provided is invalid.');
  }
  const message = 'The Access Key Id and the security token you provided do not belong together.';
  throw forbidden('AccessKeyIdAndSecurityTokenNotMatch', message, '0002-00000004');
}
