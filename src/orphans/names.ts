import { createHash } from 'node:crypto';
import { firstIndex } from '../first-index.ts';
import type { OssObject } from '../process.ts';

/**
 * A set of object names that keeps an 8-byte digest of each. Two names of a million may share a digest, once
 * in about 37 million such sets; the set then contains a name too many.
 */
export class Names {
  #digests = new BigUint64Array(1_024);
  #count = 0;
  #isSorted = true;

  /** Adds a name. One that was added before takes another 8 bytes. */
  add(object: OssObject): void {
    if (this.#count === this.#digests.length) {
      const larger = new BigUint64Array(2 * this.#count);
      larger.set(this.#digests);
      this.#digests = larger;
    }
    this.#digests[this.#count] = digestOf(object);
    this.#count += 1;
    this.#isSorted = false;
  }

  /** Whether the name was added. The first question after an addition sorts the set. */
  has(object: OssObject): boolean {
    const digests = this.#digests.subarray(0, this.#count);
    if (!this.#isSorted) {
      digests.sort();
      this.#isSorted = true;
    }
    const digest = digestOf(object);
    return digests[firstIndex(digests, (other) => other >= digest)] === digest;
  }
}

function digestOf({ bucket, key }: OssObject): bigint {
  return createHash('md5').update(`${bucket}/${key}`).digest().readBigUInt64LE();
}
