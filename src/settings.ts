import { type LogLevel, logLevels } from './log.ts';

/** The settings of the environment; region and endpoint may be left to the Function Compute context. */
export interface Settings {
  /** Path of the compiled rules. */
  rulesFile: string;
  endpoint?: string | undefined;
  /** The endpoint is a bucket's own domain. */
  cname: boolean;
  region?: string | undefined;
  /** Calls to OSS under way at once in one invocation. */
  concurrency: number;
  logLevel: LogLevel;
}

/** The settings are wrong; the message names each, what was expected and what to set. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/**
 * Reads the function's settings from its environment. `codeDir` is where the package was unpacked and the
 * compiled rules lie. All wrong settings are named at once.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, codeDir: string): Settings {
  const problems: string[] = [];
  const check = (isRight: boolean, name: string, expected: string) => {
    if (!isRight) {
      problems.push(`${name}: expected ${expected}, received ${JSON.stringify(env[name])}`);
    }
  };
  const concurrency = Number(env.CONCURRENCY || '4');
  const isCount = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64;
  check(isCount, 'CONCURRENCY', 'a whole number from 1 to 64');
  const logLevel = logLevels.find((level) => level === (env.LOG_LEVEL || 'info').toLowerCase());
  check(logLevel !== undefined, 'LOG_LEVEL', `one of ${logLevels.join(', ')}`);
  check(/^(true|false)?$/.test(env.OSS_CNAME ?? ''), 'OSS_CNAME', 'true or false');
  if (problems.length > 0) {
    throw new SettingsError(`Settings are wrong. ${problems.join('; ')}.`);
  }
  return {
    rulesFile: env.RULES_FILE || `${codeDir}/rules.json`,
    endpoint: env.OSS_ENDPOINT || undefined,
    cname: env.OSS_CNAME === 'true',
    region: env.OSS_REGION || undefined,
    concurrency,
    logLevel: logLevel ?? 'info',
  };
}
