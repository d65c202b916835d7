/*
 * Questions that Alibaba Cloud's documents leave open, or answer in two ways, and that a backend is asked: the local
 * OSS by open-questions.test.ts, a real account by `npm run conformance`.
 */
import OSS from 'ali-oss';
import sharp from 'sharp';
import { copyOntoItself, propertyHeaders } from '../../src/life/copy.ts';
import { isOssError } from '../../src/oss/errors.ts';
import { buildProcess, saveAs } from '../../src/process.ts';
import { withExif } from '../local/image/exif-block.ts';
import type { Backend } from './backend.ts';
import { probeQuestions } from './probe.ts';

export interface Question {
  text: string;
  /** The answer that this project reckons with, and that the local OSS gives. */
  assumed: string;
  /** The answer of the local OSS where it is another one. */
  local?: string | undefined;
  /** How a row of BEHAVIOURS.md begins that may say "verified" where the answer is the assumed one. */
  row?: string | undefined;
  ask: (backend: Backend) => Promise<string>;
}

const style = 'image/resize,w_40/format,webp';
const at = ({ bucket, prefix }: Backend, name: string) => ({ bucket, key: prefix + name });
const refusal = (error: unknown) =>
  isOssError(error)
    ? `${'statusCode' in error ? error.statusCode : 'no answer,'} ${error.code}`
    : String(error);

/** Puts the pictures that the questions are about. */
export async function prepare(backend: Backend): Promise<void> {
  const blank = { width: 120, height: 80, channels: 3 as const, background: '#4080c0' };
  const body = await sharp({ create: blank }).jpeg().toBuffer();
  await backend.client.putObject({ ...at(backend, 'a.jpg'), body });
  await backend.client.putObject({ ...at(backend, 'exif.jpg'), body: withExif(body) });
}

/** Asks one question; a refusal by OSS is an answer, too. */
export function answerOf({ ask }: Question, backend: Backend): Promise<string> {
  return ask(backend).catch(refusal);
}

/** ProcessObject with a body and headers of any kind; the JSON that it answers, and the headers beside it. */
async function post(backend: Backend, process: string, headers: Record<string, string> = {}, name = 'a.jpg') {
  const response = await backend.call({
    ...{ ...at(backend, name), operation: 'ProcessObject', method: 'POST', query: { 'x-oss-process': '' } },
    ...{ headers, body: Buffer.from(`x-oss-process=${process}`) },
  });
  const answer: { object?: string } = JSON.parse(response.body.toString());
  return { ...answer, headers: response.headers };
}

export const questions: readonly Question[] = [
  {
    text: '1 Does a save-as raise ObjectCreated:PutObject?',
    assumed: 'yes',
    row: '**a save-as raises',
    ask: async (backend) => {
      const target = at(backend, 'event.webp');
      const { headers } = await post(backend, buildProcess(style, target));
      const seen = backend.eventOf(target.key);
      if (seen !== undefined) {
        return seen === 'ObjectCreated:PutObject' ? 'yes' : `no, ${seen}`;
      }
      // A request that an event rule takes is answered with this header (OSS help, "Event notification").
      const put = await backend.call({
        ...{ ...at(backend, 'event.txt'), operation: 'PutObject', method: 'PUT', body: Buffer.from('x') },
      });
      if (put.headers['x-oss-event-status'] === undefined) {
        return 'not asked: no event rule takes a PutObject below oss-saveas-conformance/ (docs/conformance.md)';
      }
      return headers['x-oss-event-status'] === undefined ? 'no, none that the event rule takes' : 'yes';
    },
  },
  {
    text: '2 Do oss:PostProcessTask and oss:PutObject suffice?',
    assumed: 'yes',
    local: 'not asked: the local OSS has no policies',
    ask: async (backend) => {
      const { leastCredentials } = backend;
      if (backend.isLocal) {
        return 'not asked: the local OSS has no policies';
      }
      if (leastCredentials === undefined) {
        return 'not asked: set OSS_TEST_LEAST_ACCESS_KEY_ID and _SECRET';
      }
      const client = backend.clientWith({ credentials: () => leastCredentials });
      await client.processObject({
        ...at(backend, 'a.jpg'),
        process: buildProcess(style, at(backend, 'least.webp')),
      });
      return 'yes';
    },
  },
  {
    text: '3 Are {bucket}, {index} and {autoext} in the target key expanded?',
    assumed: 'no',
    row: 'save-as: content type',
    ask: async (backend) => {
      const target = at(backend, 't/{bucket}-{index}.{autoext}');
      const { object } = await post(backend, buildProcess(style, target));
      return object === target.key ? 'no' : `yes, to ${object}`;
    },
  },
  {
    text: '4 Is a raw body form-decoded, so that a + of standard Base64 is lost?',
    assumed: 'no',
    row: 'a bare `/` in the value',
    ask: async (backend) => {
      // The key ends where its Base64 needs the character that URL-safe Base64 writes as "-".
      const [key = ''] = ['', 'x', 'xx']
        .map((pad) => `${at(backend, `plus${pad}`).key}/>>>>`)
        .filter((one) => Buffer.from(one).toString('base64').includes('+'));
      const clause = `sys/saveas,o_${Buffer.from(key).toString('base64')},b_${Buffer.from(backend.bucket).toString('base64')}`;
      const { object } = await post(backend, `${style}|${clause}`);
      return object === key ? 'no' : `yes, saved as ${JSON.stringify(object)}`;
    },
  },
  {
    text: '5 How is a target bucket in another region refused?',
    assumed: '400 InvalidArgument',
    local: 'not asked: the local OSS is one region',
    ask: async (backend) => {
      const { otherRegionBucket: bucket } = backend;
      if (backend.isLocal) {
        return 'not asked: the local OSS is one region';
      }
      if (bucket === undefined) {
        return 'not asked: set OSS_TEST_OTHER_REGION_BUCKET';
      }
      const { key } = at(backend, 'region.webp');
      await post(backend, buildProcess(style, { bucket, key }));
      return `not at all: please delete oss://${bucket}/${key}`;
    },
  },
  {
    text: '6 How many pipes may a process have, that of sys/saveas included?',
    assumed: '6, then 400 TooManyPipes',
    row: 'images may be piped on',
    ask: async (backend) => {
      for (let pipes = 1; pipes <= 9; pipes += 1) {
        const actions = Array.from({ length: pipes }, (_, i) => `image/resize,w_${60 - i}`).join('|');
        const refused = await post(backend, `${actions}|${saveAs(at(backend, 'pipes.jpg'))}`).then(
          () => undefined,
          refusal,
        );
        if (refused !== undefined) {
          return `${pipes - 1}, then ${refused}`;
        }
      }
      return 'at least 9';
    },
  },
  ...(
    [
      ['x-oss-storage-class', 'IA'],
      ['x-oss-meta-author', 'someone'],
    ] as const
  ).map(([name, value]) => ({
    text: `7 Is ${name} of a ProcessObject honoured?`,
    assumed: 'no',
    row: 'save-as: content type',
    ask: async (backend: Backend) => {
      const target = at(backend, `${name}.webp`);
      await post(backend, buildProcess(style, target), { [name]: value });
      const { headers } = await backend.client.headObject(target);
      return headers[name] === value ? 'yes' : 'no';
    },
  })),
  {
    text: '7 Is x-oss-forbid-overwrite of a ProcessObject honoured?',
    assumed: 'no',
    row: 'save-as: content type',
    ask: async (backend) => {
      const target = at(backend, 'kept.webp');
      await backend.client.putObject({ ...target, body: 'kept' });
      const refused = await post(backend, buildProcess(style, target), {
        'x-oss-forbid-overwrite': 'true',
      }).then(() => undefined, refusal);
      const { body } = await backend.client.getObject(target);
      return refused ?? (body.toString() === 'kept' ? 'yes, in silence' : 'no');
    },
  },
  {
    text: '8 Is the limit of a key one of bytes, not of characters?',
    assumed: 'of bytes: 400 InvalidObjectName',
    row: 'names of buckets and keys',
    ask: async (backend) => {
      const { endpoint, bucket, credentials, prefix, region } = backend;
      // The official client: ours would not send such a key.
      const options: OSS.Options & { authorizationV4: boolean } = {
        ...{ bucket, region: `oss-${region}`, endpoint: `${endpoint.scheme}://${endpoint.host}` },
        ...{ accessKeyId: credentials.accessKeyId, accessKeySecret: credentials.accessKeySecret },
        ...(credentials.securityToken && { stsToken: credentials.securityToken }),
        authorizationV4: true,
      };
      const key = prefix + '图'.repeat(400);
      const client = new OSS(options);
      const refused = await client.put(key, Buffer.from('x')).then(
        () => undefined,
        ({ status, code }) => `of bytes: ${status} ${code}`,
      );
      if (refused !== undefined) {
        return refused;
      }
      await client.delete(key);
      return `of characters: ${Buffer.byteLength(key)} bytes are taken`;
    },
  },
  {
    text: '9 Which content type has format,webp saved as x.jpg?',
    assumed: 'image/webp',
    row: 'save-as: content type',
    ask: async (backend) => {
      const target = at(backend, 'x.jpg');
      await post(backend, buildProcess(style, target));
      return String((await backend.client.headObject(target)).contentType);
    },
  },
  {
    text: '10 How is a missing source refused?',
    assumed: '404 NoSuchKey',
    ask: async (backend) => {
      await post(backend, buildProcess(style, at(backend, 'none.webp')), {}, 'missing.jpg');
      return 'not at all';
    },
  },
  {
    text: '11 Does a result keep the EXIF of its source, place included?',
    assumed: 'resize: no; format,webp: no',
    row: 'a result has no EXIF',
    ask: async (backend) => {
      const answers: string[] = [];
      for (const [name, actions] of [
        ['resize', 'image/resize,w_40'],
        ['format,webp', 'image/format,webp'],
      ] as const) {
        const target = at(backend, `exif-${answers.length}`);
        await post(backend, buildProcess(actions, target), {}, 'exif.jpg');
        const { exif } = await sharp((await backend.client.getObject(target)).body).metadata();
        answers.push(`${name}: ${exif === undefined ? 'no' : `yes, ${exif.length} bytes`}`);
      }
      return answers.join('; ');
    },
  },
  {
    text: '12 What becomes of a source of 120 x 80 that m_fill asks to be larger?',
    assumed: '200,200: 120 x 80; 200,50: 120 x 80',
    row: '`limit_1` with fill',
    ask: async (backend) => {
      const answers: string[] = [];
      for (const [width, height] of [
        [200, 200],
        [200, 50],
      ] as const) {
        const target = at(backend, `fill-${height}.jpg`);
        await post(backend, buildProcess(`image/resize,m_fill,w_${width},h_${height}`, target));
        const made = await sharp((await backend.client.getObject(target)).body).metadata();
        answers.push(`${width},${height}: ${made.width} x ${made.height}`);
      }
      return answers.join('; ');
    },
  },
  {
    text: '13 Is an object of an archive class refused by ProcessObject as by GetObject?',
    assumed: 'not asked: OSS bills an archived object for 60 days at least',
    ask: async () => 'not asked: OSS bills an archived object for 60 days at least',
  },
  ...probeQuestions,
  {
    text: '18 Does one copy of a result onto itself set its header, tag and ACL?',
    assumed: 'yes',
    row: 'the result of a save-as takes an ACL',
    ask: async (backend) => {
      const { call } = backend;
      const target = at(backend, 'copied.webp');
      await post(backend, buildProcess(style, target));
      const steps = { headers: { 'cache-control': 'no-cache' }, tags: { kind: 'copy' }, acl: 'private' };
      await copyOntoItself(
        call,
        { ...target, deadlineMs: Number.POSITIVE_INFINITY },
        propertyHeaders(steps, 'image/webp'),
      );
      const { headers } = await backend.client.headObject(target);
      const acl = await call({ ...target, operation: 'GetObjectAcl', method: 'GET', query: { acl: '' } });
      const found = {
        header: headers['cache-control'] === 'no-cache',
        tag: headers['x-oss-tagging-count'] === '1',
        type: headers['content-type'] === 'image/webp',
        ACL: acl.body.toString().includes('<Grant>private</Grant>'),
      };
      const missing = Object.entries(found).flatMap(([name, isThere]) => (isThere ? [] : [name]));
      return missing.length === 0 ? 'yes' : `no, not the ${missing.join(', ')}`;
    },
  },
];
