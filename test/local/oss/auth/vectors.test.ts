import { describe, expect, it } from 'vitest';
import { parseAuthorization, parseCredential } from '../../../../src/local/oss/auth/v4.ts';
import { signTextV4, stringToSignV4 } from '../../../../src/local/oss/auth/v4-signature.ts';
import { headerVectors, urlVectors, type Vector } from '../../../fixtures/vectors/oss-v4.ts';

type Input = Vector['input'];

/** The request of a vector as OSS receives it, with what its signer adds. */
function toRequest(input: Input, added: { query?: [string, string][]; headers?: [string, string][] }) {
  const headers = Object.entries(input.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ]);
  return {
    ...input,
    query: new Map([...Object.entries(input.query), ...(added.query ?? [])]),
    headers: new Map([...headers, ...(added.headers ?? [])]),
  };
}

function headersOfSigner({ securityToken, dateSentIn, signTimeIso }: Input): [string, string][] {
  return [
    ...(securityToken === null ? [] : [['x-oss-security-token', securityToken] satisfies [string, string]]),
    [dateSentIn.toLowerCase(), signTimeIso],
    ['x-oss-content-sha256', 'UNSIGNED-PAYLOAD'],
  ];
}

describe('published V4 vectors', () => {
  it.each(headerVectors)(
    'the local OSS reaches the published V4 signature of the header $id',
    ({ input, expected }) => {
      const authorization = parseAuthorization(expected.authorization ?? '');
      const request = toRequest(input, { headers: headersOfSigner(input) });

      const stringToSign = stringToSignV4(request, { ...authorization, signedAt: input.signTimeIso });
      const signature = signTextV4(stringToSign, authorization.credential, input.accessKeySecret);

      expect(signature).toBe(authorization.signature);
    },
  );

  it.each(urlVectors)(
    'the local OSS reaches the published V4 signature of the URL $id',
    ({ input, expected }) => {
      const parameters = { ...expected, 'x-oss-security-token': input.securityToken };
      const query = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
        name.startsWith('x-oss-') && value !== null ? [[name, value]] : [],
      );
      const signing = {
        credential: parseCredential(expected['x-oss-credential'] ?? ''),
        signedAt: input.signTimeIso,
        additionalHeaders: (expected['x-oss-additional-headers'] ?? '').split(';').filter(Boolean),
      };

      const stringToSign = stringToSignV4(toRequest(input, { query }), signing);
      const signature = signTextV4(stringToSign, signing.credential, input.accessKeySecret);

      expect(signature).toBe(expected['x-oss-signature']);
    },
  );
});
