/*
 * What Alibaba Cloud's documents leave open or contradict each other on, asked of OSS itself when OSS_TEST_* is set
 * (see backend.ts), and printed. Of the local OSS it prints, and holds it to, what it assumes.
 */
import OSS from 'ali-oss';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOssError } from '../../src/oss/errors.ts';
import { buildProcess, saveAs } from '../../src/process.ts';
import { type Backend, backends } from './backend.ts';

interface Question {
  text: string;
  /** The answer of the local OSS, and what this project reckons with. */
  assumed: string;
  ask: (backend: Backend) => Promise<string>;
}

const style = 'image/resize,w_40/format,webp';
const at = ({ bucket, prefix }: Backend, name: string) => ({ bucket, key: prefix + name });
const refusal = (error: unknown) =>
  isOssError(error)
    ? `${'statusCode' in error ? error.statusCode : 'no answer,'} ${error.code}`
    : String(error);

/** ProcessObject with a body and headers of any kind; the JSON that it answers. */
async function post(backend: Backend, process: string, headers: Record<string, string> = {}, name = 'a.jpg') {
  const response = await backend.call({
    ...{ ...at(backend, name), operation: 'ProcessObject', method: 'POST', query: { 'x-oss-process': '' } },
    ...{ headers, body: Buffer.from(`x-oss-process=${process}`) },
  });
  const answer: { object?: string } = JSON.parse(response.body.toString());
  return answer;
}

const questions: Question[] = [
  {
    text: '1 Does a save-as raise an event, and under which name?',
    assumed: 'ObjectCreated:PutObject',
    ask: async (backend) => {
      const target = at(backend, 'event.webp');
      await post(backend, buildProcess(style, target));
      const seen = backend.eventOf(target.key);
      return (
        seen ??
        `not to be seen from here: look for ${target.key} in the log of a trigger on oss:ObjectCreated:*`
      );
    },
  },
  {
    text: '2 Do oss:PostProcessTask and oss:PutObject suffice?',
    assumed: 'not asked: the local OSS has no policies',
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
    text: '3 Is {bucket} in the target key expanded?',
    assumed: 'no',
    ask: async (backend) => {
      const target = at(backend, 't/{bucket}.webp');
      const { object } = await post(backend, buildProcess(style, target));
      return object === target.key ? 'no' : `yes, to ${object}`;
    },
  },
  {
    text: '4 Is a raw body form-decoded, so that a + of standard Base64 is lost?',
    assumed: 'no',
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
    assumed: 'not asked: the local OSS is one region',
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
    assumed: '1, then 400 InvalidArgument',
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
];

describe.each(backends)('$name', ({ name, open }) => {
  let backend: Backend;
  const answers: { question: string; answer: string; assumed: string }[] = [];

  beforeAll(async () => {
    backend = await open();
    const blank = { width: 120, height: 80, channels: 3 as const, background: '#4080c0' };
    const body = await sharp({ create: blank }).jpeg().toBuffer();
    await backend.client.putObject({ ...at(backend, 'a.jpg'), body });
  });
  afterAll(async () => {
    const rows = answers.map(({ question, answer, assumed }) =>
      backend.isLocal
        ? `${question}\n    assumed: ${answer}`
        : `${question}\n    ${answer}${answer === assumed ? '' : `   (assumed here: ${assumed})`}`,
    );
    console.log(`Open questions, answered by ${name}:\n\n${rows.join('\n')}\n`);
    await backend?.close();
  });

  it.each(questions)('$text', async ({ text, assumed, ask }) => {
    const answer = await ask(backend).catch(refusal);
    answers.push({ question: text, answer, assumed });

    if (backend.isLocal) {
      expect(answer).toBe(assumed);
    } else {
      expect(answer).not.toBe('');
    }
  });
});
