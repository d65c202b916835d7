import { describe, expect, it } from 'vitest';
import { credentialsFromContext } from '../../src/credentials/context.ts';

describe('the credentials of an invocation', () => {
  it('the credentials of an invocation are those of the function role in its context', () => {
    const credentials = { accessKeyId: 'STS.ak', accessKeySecret: 'sk', securityToken: 'token' };

    expect(credentialsFromContext({ requestId: 'r', credentials })).toEqual(credentials);
  });

  it('the credentials of an invocation need no token', () => {
    const credentials = { accessKeyId: 'ak', accessKeySecret: 'sk' };

    expect(credentialsFromContext({ credentials: { ...credentials, securityToken: '' } })).toEqual(
      credentials,
    );
  });

  it.each([
    undefined,
    null,
    'context',
    {},
    { credentials: null },
    { credentials: {} },
    { credentials: { accessKeyId: '', accessKeySecret: '', securityToken: '' } },
    { credentials: { accessKeyId: 'ak' } },
    { credentials: { accessKeyId: 1, accessKeySecret: 2 } },
    { credentials: { accessKeySecret: 'very-secret', securityToken: 'very-token' } },
  ])(
    'the credentials of an invocation are missed with a hint at the role in %j, of which nothing is quoted',
    (context) => {
      expect(() => credentialsFromContext(context)).toThrow('give the function a role');
      expect(() => credentialsFromContext(context)).not.toThrow(/very-/);
    },
  );
});
