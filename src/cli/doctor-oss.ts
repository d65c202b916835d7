import { randomUUID } from 'node:crypto';
import { pick } from '../json.ts';
import { getObject } from '../objects/transfer.ts';
import type { Call } from '../oss/call.ts';
import { deleteObject, processObject } from '../oss/operations.ts';
import { send } from '../oss/request.ts';
import { completeEvent } from '../pipeline/complete.ts';
import { plan } from '../pipeline/plan.ts';
import { formatObject, type PlanItem, type PlannedSave } from '../pipeline/result.ts';
import { buildProcess, type OssObject } from '../process.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { readXmlRoot } from '../xml.ts';
import { unlessStopped } from './command.ts';
import type { Connection } from './connection.ts';
import { attempt, cannotTell, type Finding, lookAt, ok, wrong } from './finding.ts';
import { shellWord } from './terminal.ts';

/** OSS refuses signatures further than this from its own clock (OSS help: "RequestTimeTooSkewed"). */
const maxSkewMs = 15 * 60_000;

/** Checks credentials, endpoint and clock. Any answer to an unsigned request proves the endpoint. */
export async function checkEndpoint(
  { endpoint, credentials, dispatcher }: Connection,
  now: () => number,
): Promise<Finding[]> {
  const key = await attempt('credentials', 'set them as docs/deploy.md says', async () => {
    const { accessKeyId, securityToken } = await credentials();
    return `AccessKey ID ${accessKeyId.slice(0, 4)}…${securityToken ? ', temporary' : ''}`;
  });
  const origin = `${endpoint.scheme}://${endpoint.host}`;
  const limits = { timeoutMs: 10_000, maxAnswerBytes: 1_048_576 };
  let apartMs = Number.NaN;
  const advice = 'correct OSS_REGION or OSS_ENDPOINT, or go online, through HTTPS_PROXY if necessary';
  const answer = await attempt('endpoint', advice, async () => {
    const { headers } = await send(dispatcher, { origin, path: '/', method: 'GET', headers: {}, ...limits });
    apartMs = Math.abs(Date.parse(headers.date ?? '') - now());
    return `${origin} answers`;
  });
  if (Number.isNaN(apartMs)) {
    return [key, answer];
  }
  const found = `${Math.round(apartMs / 1000)} s from OSS's`;
  const setIt = 'set it: OSS refuses what is signed more than 15 minutes off';
  return [key, answer, apartMs < maxSkewMs ? ok('clock', found) : wrong('clock', found, setIt)];
}

/** Whether each bucket exists in the function's region, which a save-as and a trigger require. */
export async function checkBuckets(
  { settings: { region }, call }: Connection,
  buckets: readonly string[],
): Promise<Finding[]> {
  if (buckets.length === 0) {
    return [cannotTell('bucket', 'the rules name none', 'set OSS_BUCKET to the bucket of the deployment')];
  }
  const advice = 'correct its name or your key, or deploy to its region: both buckets and all else share one';
  const locate = (bucket: string) =>
    attempt(`bucket ${bucket}`, advice, async () => {
      const root = await ask(call, bucket, 'GetBucketLocation', 'location', 'LocationConstraint');
      const location = String(root).trim().replace(/^oss-/, '');
      if (location !== region) {
        throw new Error(`in ${location}, not in ${region}`);
      }
      return `in ${region}`;
    });
  return Promise.all(buckets.map(locate));
}

/** Whether deletions in each bucket raise the events that rules with `onRemove` need. */
export async function checkVersioning(
  { call }: Pick<Connection, 'call'>,
  buckets: readonly string[],
): Promise<Finding[]> {
  const look = async (bucket: string) => {
    const check = `removals in ${bucket}`;
    return lookAt(check, 'see whether the bucket has versioning: then they raise no event', async () => {
      const root = await ask(call, bucket, 'GetBucketVersioning', 'versioning', 'VersioningConfiguration');
      const status = pick(root, 'Status');
      if (status === undefined) {
        return [ok(check, 'raise events: the bucket has no versions')];
      }
      // OSS help, "Event notification": on such a bucket a deletion without a version id raises no event.
      const found = `versioning is ${status}: a deletion without a version id raises no event`;
      return [wrong(check, found, 'delete outputs from time to time: oss-saveas orphans --delete')];
    });
  };
  return (await Promise.all(buckets.map(look))).flat();
}

/** Asks for a property of a bucket; resolves to the root of the answer. */
async function ask(call: Call, bucket: string, operation: string, property: string, rootName: string) {
  const { body } = await call({ operation, method: 'GET', bucket, query: { [property]: '' } });
  return readXmlRoot(body.toString(), rootName);
}

/** Tries each output of the object's rules with a GET and, if `wet`, a save that is then removed. */
export async function tryStyles(
  { call }: Connection,
  rules: RuleSet,
  { object, wet, stop }: { object: OssObject | undefined; wet: boolean; stop: AbortSignal },
): Promise<Finding[]> {
  if (object === undefined) {
    return [cannotTell('style', 'no object to try it on', 'name one: oss-saveas doctor oss://bucket/key')];
  }
  const tryAll = async () => {
    const asked = completeEvent({ ...object, eventName: 'Manual' }, { call, deadlineMs: Infinity });
    const event = await unlessStopped(asked, stop);
    const planFor = (named: OssObject) => plan({ kind: 'object', event: { ...event, ...named } }, rules);
    const findings: Finding[] = [];
    for (const item of planFor(object)) {
      stop.throwIfAborted();
      findings.push(await unlessStopped(tryView(call, item, object), stop));
      if (wet && item.status === 'planned' && item.action === 'save') {
        const scratch = { bucket: item.target.bucket, key: `oss-saveas-doctor/${randomUUID()}` };
        const isTaken = planFor(scratch).some(({ status }) => status === 'planned');
        findings.push(await trySave(call, item, isTaken ? undefined : scratch));
      }
    }
    return findings;
  };
  return lookAt('style', 'name an existing object that you may read', tryAll, wrong);
}

const styleAdvice = 'correct the style in the rules';

async function tryView(call: Call, item: PlanItem, object: OssObject): Promise<Finding> {
  if (item.status !== 'planned') {
    const why = item.status === 'skipped' ? item.reason : item.message;
    return wrong('style', `${formatObject(object)}: ${why}`, 'name an object that the rules take');
  }
  const check = `style of ${item.rule}`;
  if (item.action !== 'save') {
    const advice = `npx oss-saveas run ${shellWord(formatObject(object))}`;
    return cannotTell(check, 'only a task could tell, and would save a result', advice);
  }
  return attempt(check, styleAdvice, async () => {
    const { sizeBytes, contentType } = await getObject(call, { ...item.source, process: item.style });
    return `${sizeBytes} bytes of ${contentType}`;
  });
}

async function trySave(call: Call, task: PlannedSave, scratch: OssObject | undefined): Promise<Finding> {
  const check = `save of ${task.rule}`;
  if (scratch === undefined) {
    return cannotTell(check, 'a rule would take the scratch object', 'exclude oss-saveas-doctor/** from it');
  }
  return attempt(check, styleAdvice, async () => {
    try {
      const process = buildProcess(task.style, scratch);
      const { sizeBytes } = await processObject(call, { ...task.source, process });
      return `${sizeBytes} bytes at ${formatObject(scratch)}, removed`;
    } finally {
      await deleteObject(call, scratch);
    }
  });
}
