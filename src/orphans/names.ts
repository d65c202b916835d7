import { createHash } from 'node:crypto';
import { firstIndex } from '../first-index.ts';
import type { OssObject } from '../process.ts';

/**
 * A set of objects' names that keeps 8 bytes of each: a digest. Two names may share one, about once among
 * a billion sets of a million names, and then the set holds a name too many.
 */
export class Names {
  #digests = new BigUint64Array(1_024);
  #count = 0;
  #isSorted = true;

  /** Adds a name; one that is there already takes its 8 bytes once more. */
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

  /** Whether the name was added; the first question after an addition sorts them all. */
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
