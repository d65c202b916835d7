import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { type Backend, openReal } from './backend.ts';
import { answerOf, prepare, questions } from './questions.ts';
import { type Answer, formatReport, type TestResult } from './report.ts';
import { runSuite } from './suite.ts';

interface ConformanceOptions {
  /** File for the report, which must not be there yet. */
  report?: string | undefined;
  /** Name of the deployed probe. */
  functionName?: string | undefined;
  yes: boolean;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Absent where nobody is there to answer. */
  confirm?: ((question: string) => Promise<boolean>) | undefined;
  stop: AbortSignal;
}

/** Requests of one run at most; a test counts them. */
export const maxRequests = 300;

/**
 * Asks an account the open questions, runs the suite against it, removes what was made, and reports. Resolves to the
 * exit code: 0 done, 1 something failed or is left, 2 not begun, 130 ended by Ctrl-C. No credential is ever printed.
 */
export async function runConformance(options: ConformanceOptions): Promise<number> {
  const { report, functionName, yes, stop, confirm } = options;
  const out = (text: string) => options.out(hideCredentials(text));
  const err = (text: string) => options.err(hideCredentials(text));
  let backend: Backend;
  try {
    backend = await openReal({ functionName });
  } catch (error) {
    err(`${messageOf(error)}\ndocs/conformance.md lists what has to be set.\n`);
    return 2;
  }
  err(describeRun(backend, functionName));
  if (report !== undefined && existsSync(report)) {
    err(`${report} is there already, and is not overwritten.\n`);
    return 2;
  }
  if (!yes && !(await confirm?.('Continue?'))) {
    err(confirm ? 'Nothing was done.\n' : 'Nobody is there to ask: --yes goes on.\n');
    return stop.aborted ? 130 : 2;
  }
  const { answers, tests, problems } = await ask(backend, stop, err);
  const date = new Date().toISOString().slice(0, 10);
  const title = `OSS in ${backend.region}, asked by oss-saveas ${packageJson.version} on ${date}`;
  const text = formatReport({ title, answers, tests, problems });
  out(text);
  if (report !== undefined) {
    await writeFile(report, hideCredentials(text), { flag: 'wx' });
  }
  return stop.aborted ? 130 : problems.length > 0 ? 1 : 0;
}

/** Says what will be made and what it costs, before anything is. */
function describeRun(
  { bucket, region, prefix, endpoint }: Backend,
  functionName: string | undefined,
): string {
  return `This will, at ${endpoint.scheme}://${endpoint.host} (${region}):
- put and save about 100 objects of at most 20 KB below oss://${bucket}/${prefix}, and delete them
- make at most ${maxRequests} requests, a quarter of which process a picture of at most 20 KB
${functionName === undefined ? '' : `- invoke the function ${functionName} four times\n`}It costs what the region's list says for so many requests. OSS processes 10 TB of pictures a month for nothing (OSS help, "Data
processing fees"). Ctrl-C ends it, and removes what was made till then.
`;
}

/** Asks everything and removes what was made, whatever happens meanwhile. */
async function ask(backend: Backend, stop: AbortSignal, err: (text: string) => void) {
  const answers: Answer[] = [];
  const problems: string[] = [];
  let tests: TestResult[] = [];
  try {
    await prepare(backend);
    for (const question of questions) {
      if (stop.aborted) {
        break;
      }
      err(`${question.text}\n`);
      answers.push({ question, answer: await answerOf(question, backend) });
    }
    if (!stop.aborted) {
      err('Running test/conformance/oss.test.ts\n');
      tests = await runSuite(backend.prefix, stop);
    }
    if (stop.aborted || tests.length === 0) {
      problems.push(
        stop.aborted ? 'it was ended before all was asked' : 'the tests of oss.test.ts did not run',
      );
    }
  } catch (error) {
    problems.push(messageOf(error));
  }
  err(`Removing oss://${backend.bucket}/${backend.prefix}\n`);
  await backend.close().catch((error: unknown) => {
    problems.push(`oss://${backend.bucket}/${backend.prefix} is not empty: ${messageOf(error)}`);
  });
  return { answers, tests, problems };
}

/** Takes the values of the credentials in the environment out of a text, should an answer quote one. */
function hideCredentials(text: string): string {
  const secrets = Object.entries(process.env).flatMap(([name, value]) =>
    /^OSS_TEST_.*(ACCESS_KEY_ID|ACCESS_KEY_SECRET|SECURITY_TOKEN)$/.test(name) && value && value.length >= 8
      ? [value]
      : [],
  );
  return secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
