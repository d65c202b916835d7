import { randomUUID } from 'node:crypto';
import { getObject } from '../objects/transfer.ts';
import type { Call } from '../oss/call.ts';
import { isOssError, OssServiceError } from '../oss/errors.ts';
import { deleteObject, headObject, processObject } from '../oss/operations.ts';
import { send } from '../oss/request.ts';
import { childText, parseXml } from '../oss/xml.ts';
import { plan } from '../pipeline/plan.ts';
import { formatObject, type PlannedSave } from '../pipeline/result.ts';
import { buildProcess, type OssObject } from '../process.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { Connection } from './connection.ts';
import { cannotTell, type Finding, ok, wrong } from './finding.ts';

/** OSS refuses what is signed further from its own clock (OSS help: "RequestTimeTooSkewed"). */
const maxSkewMs = 15 * 60_000;

/** Checks credentials, endpoint and clock. The endpoint is asked without a signature: any answer shows that it is there. */
export async function checkEndpoint(
  { endpoint, credentials, dispatcher }: Connection,
  now: () => number,
): Promise<Finding[]> {
  const key = await credentials().then(
    ({ accessKeyId, securityToken }) =>
      ok('credentials', `AccessKey ID ${accessKeyId.slice(0, 4)}…${securityToken ? ', temporary' : ''}`),
    (error: Error) => wrong('credentials', 'none', error.message),
  );
  const origin = `${endpoint.scheme}://${endpoint.host}`;
  const limits = { timeoutMs: 10_000, maxAnswerBytes: 1_048_576 };
  try {
    const { headers } = await send(dispatcher, { origin, path: '/', method: 'GET', headers: {}, ...limits });
    return [key, ok('endpoint', `${origin} answers`), checkClock(headers.date, now())];
  } catch (error) {
    const advice = 'correct OSS_REGION or OSS_ENDPOINT; mind proxies';
    return [key, wrong('endpoint', `${origin}: ${messageOf(error)}`, advice)];
  }
}

function checkClock(date: string | undefined, here: number): Finding {
  const apartMs = Math.abs(Date.parse(date ?? '') - here);
  if (Number.isNaN(apartMs)) {
    return cannotTell('clock', 'the endpoint does not tell its time', 'compare it with another clock');
  }
  const found = `${Math.round(apartMs / 1000)} s from OSS's`;
  const advice = 'set it: OSS refuses what is signed more than 15 minutes off';
  return apartMs < maxSkewMs ? ok('clock', found) : wrong('clock', found, advice);
}

/** Tells whether each bucket is there and in the function's region, where a save-as and a trigger need it. */
export async function checkBuckets(
  { settings: { region }, call }: Connection,
  buckets: readonly string[],
): Promise<Finding[]> {
  if (buckets.length === 0) {
    return [cannotTell('bucket', 'the rules name none', 'set OSS_BUCKET to the one that is deployed for')];
  }
  const locate = async (bucket: string): Promise<Finding> => {
    const check = `bucket ${bucket}`;
    const query = { location: '' };
    try {
      const response = await call({ operation: 'GetBucketLocation', method: 'GET', bucket, query });
      const location = parseXml(response.body.toString()).text.trim().replace(/^oss-/, '');
      const isHere = location === region;
      return isHere ? ok(check, `in ${region}`) : wrong(check, `in ${location}, not in ${region}`, elsewhere);
    } catch (error) {
      return describeBucketError(check, error);
    }
  };
  return Promise.all(buckets.map(locate));
}

/** Tells whether deletions in each bucket raise the event by which a rule with `onRemove` hears of them. */
export async function checkVersioning(
  { call }: Pick<Connection, 'call'>,
  buckets: readonly string[],
): Promise<Finding[]> {
  const advice = 'delete outputs from time to time: oss-saveas orphans --delete';
  const look = async (bucket: string): Promise<Finding> => {
    const check = `removals in ${bucket}`;
    const query = { versioning: '' };
    try {
      const response = await call({ operation: 'GetBucketVersioning', method: 'GET', bucket, query });
      const status = childText(parseXml(response.body.toString()), 'Status');
      // OSS help, "Event notification": on such a bucket a deletion without a version id raises no event.
      return status === undefined
        ? ok(check, 'raise events: the bucket has no versions')
        : wrong(check, `versioning is ${status}: a deletion without a version id raises no event`, advice);
    } catch (error) {
      return cannotTell(
        check,
        messageOf(error),
        'see whether the bucket has versioning: then they raise no event',
      );
    }
  };
  return Promise.all(buckets.map(look));
}

const elsewhere = 'deploy to its region: function, trigger, source and target have to share one';

function describeBucketError(check: string, error: unknown): Finding {
  const found = messageOf(error);
  if (!(error instanceof OssServiceError)) {
    return cannotTell(check, found, 'see the endpoint above');
  }
  // So OSS answers at the endpoint of another region (OSS help: "AccessDenied").
  if (error.ossMessage.includes('specified endpoint')) {
    return wrong(check, found, elsewhere);
  }
  switch (error.code) {
    case 'NoSuchBucket':
      return wrong(check, found, 'create it, or correct its name in the rules');
    case 'AccessDenied':
      return cannotTell(check, found, 'allow oss:GetBucketLocation to yourself');
    default:
      return wrong(check, found, 'InvalidAccessKeyId and SignatureDoesNotMatch are about your key');
  }
}

interface Trial {
  object: OssObject | undefined;
  /** Results are saved too, under a key of our own, and removed. */
  wet: boolean;
  stop: AbortSignal;
}

/** Tries each output of the object's rules: a GET with the style, and if `wet` a save. */
export async function tryStyles(
  { call }: Connection,
  rules: RuleSet,
  { object, wet, stop }: Trial,
): Promise<Finding[]> {
  if (object === undefined) {
    return [cannotTell('style', 'no object to try it on', 'name one: oss-saveas doctor oss://bucket/key')];
  }
  try {
    const { sizeBytes, contentType = '', eTag = '' } = await headObject(call, object);
    const properties = {
      eventName: 'Manual',
      eventTime: new Date().toISOString(),
      sizeBytes,
      contentType,
      eTag,
    };
    const planFor = (named: OssObject) => plan({ kind: 'object', event: { ...named, ...properties } }, rules);
    const findings: Finding[] = [];
    for (const item of planFor(object)) {
      stop.throwIfAborted();
      if (item.status !== 'planned') {
        const why = item.status === 'skipped' ? item.reason : item.message;
        findings.push(
          wrong('style', `${formatObject(object)}: ${why}`, 'name an object that the rules take'),
        );
        continue;
      }
      if (item.action === 'remove') {
        continue; // An object that is there is not removed.
      }
      if (item.action === 'submit') {
        const command = `npx oss-saveas run ${formatObject(object)}`;
        findings.push(
          cannotTell(`style of ${item.rule}`, 'only a task could tell, and would save a result', command),
        );
        continue;
      }
      findings.push(await tryView(call, item));
      if (wet) {
        const scratch = { bucket: item.target.bucket, key: `oss-saveas-doctor/${randomUUID()}` };
        const isTaken = planFor(scratch).some(({ status }) => status === 'planned');
        findings.push(await trySave(call, item, isTaken ? undefined : scratch));
      }
    }
    return findings;
  } catch (error) {
    return [wrong('style', messageOf(error), 'name an object that is there, and that you may read')];
  }
}

function tryView(call: Call, { rule, source, style }: PlannedSave): Promise<Finding> {
  return attempt(`style of ${rule}`, async () => {
    const { sizeBytes, contentType } = await getObject(call, { ...source, process: style });
    return `${sizeBytes} bytes of ${contentType}`;
  });
}

async function trySave(call: Call, task: PlannedSave, scratch: OssObject | undefined): Promise<Finding> {
  const check = `save of ${task.rule}`;
  if (scratch === undefined) {
    return cannotTell(check, 'a rule would take the scratch object', 'exclude oss-saveas-doctor/** from it');
  }
  return attempt(check, async () => {
    try {
      const process = buildProcess(task.style, scratch);
      const { sizeBytes } = await processObject(call, { ...task.source, process });
      return `${sizeBytes} bytes at ${formatObject(scratch)}, removed`;
    } finally {
      await deleteObject(call, scratch);
    }
  });
}

async function attempt(check: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return ok(check, await act());
  } catch (error) {
    const isDenied = isOssError(error) && error.code === 'AccessDenied';
    return isDenied
      ? cannotTell(check, messageOf(error), 'allow it to yourself; what the function may do is asked below')
      : wrong(check, messageOf(error), 'correct the style in the rules');
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
