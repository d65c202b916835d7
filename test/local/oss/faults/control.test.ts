import { describe, expect, it } from 'vitest';
import { startOss } from '../running-oss.ts';
import { clientOf, control, object, startFaulty } from './fault-client.ts';

describe('the control', () => {
  it('the control of faults shows how often each rule was applied, and ends them', async () => {
    const { oss, client } = await startFaulty([{ fault: 'InternalError', key: 'uploads/*.jpg' }]);
    await client.headObject(object).catch(() => {});

    const during = await control(oss, 'GET');
    const ended = await control(oss, 'DELETE');

    expect(JSON.parse(during.text)).toEqual({
      rules: [{ fault: 'InternalError', key: 'uploads/*.jpg', applied: 1 }],
    });
    expect([ended.statusCode, JSON.parse(ended.text)]).toEqual([200, { rules: [] }]);
    expect((await client.headObject(object)).statusCode).toBe(200);
  });

  it('the control of faults names everything wrong with a plan, and keeps the one in force', async () => {
    const { oss, client } = await startFaulty([{ fault: 'InternalError' }]);
    const plan = {
      rules: [{ fault: 'Fire' }, { fault: 'HalfOpen', key: '[', operation: 'Get', probability: 2 }],
      sed: 1,
    };

    const answer = await control(oss, 'PUT', plan);
    const broken = await control(oss, 'PUT', '{');

    expect([answer.statusCode, broken.statusCode]).toEqual([400, 400]);
    for (const path of [
      'rules[0].fault',
      'rules[1].key',
      'rules[1].operation',
      'rules[1].probability',
      'sed',
    ]) {
      expect(answer.text).toContain(path);
    }
    await expect(client.headObject(object)).rejects.toMatchObject({ code: 'InternalError' });
  });

  it('the control of faults is not there for a page that reached this machine by a name of its own', async () => {
    const { oss } = await startFaulty([]);

    const byName = await control(oss, 'GET', undefined, { host: 'evil.example' });
    const asBucket = await control(oss, 'GET', undefined, { host: `photos.localhost:${oss.port}` });
    const otherMethod = await control(oss, 'POST', {});

    expect(byName.text).toContain('<Error>');
    expect(asBucket.text).toContain('<Code>AccessDenied</Code>');
    expect(otherMethod.statusCode).toBe(405);
  });

  it('the control of faults is not needed for a plan given at the start, which is checked alike', async () => {
    const oss = await startOss({ faults: { rules: [{ fault: 'InternalError', count: 1 }] } });

    await expect(clientOf(oss).headObject(object)).rejects.toMatchObject({ code: 'InternalError' });
    await expect(startOss({ faults: { rules: [{ fault: 'InternalError', key: '{' }] } })).rejects.toThrow(
      'rules[0].key',
    );
  });
});
