import { createRequire } from 'node:module';
import { buffer } from 'node:stream/consumers';
import { fieldsOf, parseJson } from '../../src/json.ts';
import type { Credentials } from '../../src/oss/sign.ts';
import type { Backend } from './backend.ts';
import type { Question } from './questions.ts';

type Sdk = typeof import('@alicloud/fc20230330', { with: { 'resolution-mode': 'require' }});
type OpenApi = typeof import('@alicloud/openapi-core', { with: { 'resolution-mode': 'require' }});

/** Invokes the function that probe/s.yaml deploys, once, by the official SDK; OSS_TEST_FC_ENDPOINT is for tests. */
export async function invokeProbe(options: {
  functionName: string;
  region: string;
  credentials: Credentials;
}): Promise<unknown> {
  const { functionName, region, credentials } = options;
  // The SDK is CommonJS, of which `import` gives one view in Node.js and another one under test.
  const require = createRequire(import.meta.url);
  const fc: Sdk = require('@alicloud/fc20230330');
  const openApi: OpenApi = require('@alicloud/openapi-core');
  const endpoint = new URL(process.env.OSS_TEST_FC_ENDPOINT ?? `https://fcv3.${region}.aliyuncs.com`);
  const config = new openApi.$OpenApiUtil.Config({
    endpoint: endpoint.host,
    protocol: endpoint.protocol.replace(':', ''),
    ...{ accessKeyId: credentials.accessKeyId, accessKeySecret: credentials.accessKeySecret },
    ...(credentials.securityToken && { securityToken: credentials.securityToken }),
  });
  const { body } = await new fc.default(config).invokeFunction(
    functionName,
    new fc.InvokeFunctionRequest({}),
  );
  const text = body === undefined ? '' : (await buffer(body)).toString();
  const answer = parseJson(text);
  if (typeof fieldsOf(answer).version !== 'string') {
    throw new Error(`${functionName} is not the probe of test/conformance/probe: it answered ${text}`);
  }
  return answer;
}

type Answer = Readonly<Record<string, unknown>>;

const local = 'not asked: give --function, the deployed probe';

/** Only a deployed function can tell this of its runtime. */
export const probeQuestions: readonly Question[] = [
  probeQuestion('14 Which Node.js is nodejs20?', 'v20.10.0', ({ version }) => String(version)),
  probeQuestion('15 Does nodejs20 heed NODE_OPTIONS of the function?', 'no', ({ title }) =>
    title === 'oss-saveas-probe' ? 'yes' : 'no',
  ),
  probeQuestion(
    '16 Does V8 run with flags there that reject a code cache made without them?',
    'no',
    ({ codeCacheTag, plainCodeCacheTag, execArgv }) =>
      codeCacheTag === plainCodeCacheTag ? 'no' : `yes, arguments ${JSON.stringify(execArgv)}`,
  ),
  probeQuestion(
    '17 Which tag must a code cache have there?',
    'unknown',
    ({ codeCacheTag, v8 }) => `${codeCacheTag}, V8 ${v8}`,
  ),
];

function probeQuestion(text: string, assumed: string, read: (answer: Answer) => string): Question {
  const ask = async ({ invokeProbe: invoke }: Backend) =>
    invoke === undefined ? local : read(fieldsOf(await invoke()));
  return { text, assumed, local, ask };
}
