import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * The file that Function Compute loads, `index.js`. It runs the function, `function.js` beside it, with the
 * code cache of `bin/code-cache.js` if there is one: compiling is a quarter of a cold start's CPU time.
 */
const file = join(__dirname, 'function.js');
const script = compile();

export const { handler } = run();

function run(): { handler?: unknown } {
  const loaded = { exports: {} };
  script.runInThisContext()(loaded, require, __dirname);
  return loaded.exports;
}

function compile(): Script {
  const source = readFileSync(file);
  const wrapped = `(function (module, require, __dirname) {${source}\n})`;
  return new Script(wrapped, { filename: file, cachedData: readCodeCache(source) });
}

/** Gives what `function.cache` has to hold: its digest of 32 bytes, and what V8 has compiled so far. */
export function createCodeCache(): Buffer {
  const cache = script.createCachedData();
  return Buffer.concat([cacheDigest(readFileSync(file), cache), cache]);
}

function readCodeCache(source: Buffer): Buffer | undefined {
  try {
    const content = readFileSync(join(__dirname, 'function.cache'));
    const cache = content.subarray(32);
    return cacheDigest(source, cache).equals(content.subarray(0, 32)) ? cache : undefined;
  } catch {
    return undefined; // Nothing is lost but time.
  }
}

/**
 * V8 refuses a cache of another version or of other flags. It checks neither the text, except its length,
 * nor damage, and would crash or run what the cache has: so the digest covers both, and Node.js's build.
 */
function cacheDigest(source: Buffer, cache: Buffer): Buffer {
  const build = JSON.stringify([process.versions, process.config]);
  return createHash('sha256').update(build).update(source).update(cache).digest();
}
