import { describe, expect, it } from 'vitest';
import { readContext } from '../src/fc-context.ts';

describe('the context of an invocation', () => {
  it('the context of an invocation tells the request, the region and the time that the platform gives', () => {
    const context = { requestId: 'r', region: 'cn-hangzhou', function: { timeout: 0.5 } };

    expect(readContext(context)).toEqual({ requestId: 'r', region: 'cn-hangzhou', timeoutMs: 500 });
  });

  it.each([
    undefined,
    {},
    { requestId: 7, region: '', function: null },
    { function: { timeout: '600' } },
    { function: { timeout: Number.NaN } },
    { function: { timeout: 0 } },
  ])("the context of an invocation leaves the platform's own minute where it is %j", (context) => {
    expect(readContext(context)).toEqual({ requestId: '', region: undefined, timeoutMs: 60_000 });
  });
});
