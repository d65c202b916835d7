import { describe, expect, it } from 'vitest';
import { agent, context, expectCalls, handlerOf, origin, responseOptions, saved } from './handler-fixture.ts';

describe('the credentials of an invocation', () => {
  it('an invocation reads credentials from each invocation, never from the one before', async () => {
    const ids: string[] = [];
    agent
      .get(origin)
      .intercept({ path: (sent) => sent.startsWith('/u/a'), method: 'POST' })
      .reply(({ headers, body }) => {
        const sent = JSON.stringify(headers);
        ids.push(
          `${/Credential=([^/]+)/.exec(sent)?.[1]} ${/"x-oss-security-token":"([^"]+)/.exec(sent)?.[1]}`,
        );
        const target = Buffer.from(/o_([\w-]+)/.exec(String(body))?.[1] ?? '', 'base64url').toString();
        return { statusCode: 200, data: saved(target), responseOptions };
      })
      .times(4);
    const { handle } = handlerOf();

    await handle({ bucket: 'photos', key: 'u/a' });
    await handle(
      { bucket: 'photos', key: 'u/a' },
      { ...context, credentials: { ...context.credentials, accessKeyId: 'STS.new', securityToken: 'new' } },
    );

    expect(ids).toEqual([...Array(2).fill('STS.id very-token'), ...Array(2).fill('STS.new new')]);
  });

  it('an invocation says what to do when the function has no role', async () => {
    await expect(
      handlerOf().handle({ bucket: 'photos', key: 'u/a' }, { region: 'cn-hangzhou' }),
    ).rejects.toThrow(/role/);
  });

  it('an invocation uses the default chain when there is no context at all', async () => {
    const { handle } = handlerOf({ OSS_REGION: 'cn-hangzhou' });

    await expect(handle({ bucket: 'photos', key: 'u/a' }, null)).rejects.toThrow('no chain here');
  });

  it('an invocation never logs, returns or throws a secret', async () => {
    const echo = `<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message><StringToSign>very-token</StringToSign></Error>`;
    expectCalls('/u/a.jpg', 2, () => ({ statusCode: 403, data: echo }));
    const { handle, lines } = handlerOf();

    const thrown = await handle({ bucket: 'photos', key: 'u/a.jpg' }).catch((reason: unknown) => reason);

    const all = [
      ...lines,
      JSON.stringify(thrown),
      String(thrown),
      String(Reflect.get(Object(thrown), 'stack')),
    ].join('\n');
    expect(all).toContain('SignatureDoesNotMatch');
    expect(all).not.toMatch(/very-secret|very-token|Signature=/);
  });
});
