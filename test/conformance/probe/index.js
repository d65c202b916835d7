// A function that tells what runs it: npm run conformance -- --function oss-saveas-probe
const { execFileSync } = require('node:child_process');
const v8 = require('node:v8');

exports.handler = async () => {
  const env = { PATH: process.env.PATH };
  const plain = execFileSync(process.execPath, ['-p', 'v8.cachedDataVersionTag()'], { env })
    .toString()
    .trim();
  return {
    version: process.version,
    v8: process.versions.v8,
    execArgv: process.execArgv,
    // s.yaml sets NODE_OPTIONS to a title.
    title: process.title,
    // V8 takes a code cache whose tag is its own: it is made of V8's version, its flags and the processor's features.
    codeCacheTag: String(v8.cachedDataVersionTag()),
    plainCodeCacheTag: plain,
  };
};
