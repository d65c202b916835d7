import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings.ts';

describe('the settings', () => {
  it('the settings need nothing: rules lie beside the code, region and endpoint come from the context', () => {
    expect(readSettings({}, '/code')).toEqual({
      rulesFile: '/code/rules.json',
      cname: false,
      concurrency: 4,
      logLevel: 'info',
    });
  });

  it('the settings take all that the environment says', () => {
    const env = {
      RULES_FILE: '/x.json',
      OSS_ENDPOINT: 'http://127.0.0.1:9000',
      OSS_CNAME: 'true',
      OSS_REGION: 'cn-beijing',
      CONCURRENCY: '8',
      LOG_LEVEL: 'WARN',
    };

    expect(readSettings(env, '/code')).toEqual({
      rulesFile: '/x.json',
      endpoint: 'http://127.0.0.1:9000',
      cname: true,
      region: 'cn-beijing',
      concurrency: 8,
      logLevel: 'warn',
    });
  });

  it('the settings take an empty value as not set, as s.yaml leaves one behind', () => {
    const names = ['OSS_ENDPOINT', 'OSS_REGION', 'OSS_CNAME', 'RULES_FILE', 'CONCURRENCY', 'LOG_LEVEL'];
    const env = Object.fromEntries(names.map((name) => [name, '']));

    expect(readSettings(env, '/c')).toEqual(readSettings({}, '/c'));
  });

  it('the settings name every wrong one at once', () => {
    const read = () => readSettings({ CONCURRENCY: 'many', LOG_LEVEL: 'loud', OSS_CNAME: 'yes' }, '/code');

    expect(read).toThrow(expect.objectContaining({ name: 'SettingsError' }));
    expect(read).toThrow(
      'Settings are wrong. CONCURRENCY: expected a whole number from 1 to 64, received "many"; LOG_LEVEL: expected one of debug, info, warn, error, silent, received "loud"; OSS_CNAME: expected true or false, received "yes".',
    );
  });

  it('the settings take a domain for none of a bucket where OSS_CNAME says false', () => {
    expect(readSettings({ OSS_CNAME: 'false' }, '/code').cname).toBe(false);
  });

  it.each(['1', '64'])('the settings take a CONCURRENCY of %s', (CONCURRENCY) => {
    expect(readSettings({ CONCURRENCY }, '/code').concurrency).toBe(Number(CONCURRENCY));
  });

  it.each(['0', '65', '1.5', '-1'])('the settings refuse a CONCURRENCY of %s', (CONCURRENCY) => {
    expect(() => readSettings({ CONCURRENCY }, '/code')).toThrow('CONCURRENCY');
  });
});
