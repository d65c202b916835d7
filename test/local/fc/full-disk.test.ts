/* An event may fail while its dead letter cannot be written. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeJsonFile } from '../../../src/local/data-folder.ts';
import { makeDir, open, useLocalFunctionCompute } from './fixture.ts';

useLocalFunctionCompute();

const throws = "exports.handler = async () => { throw new Error('broken'); };";

describe('an event whose dead letter cannot be written', () => {
  it('an event whose dead letter cannot be written ends all the same, is in the log, and stays in the queue for the next start', async () => {
    const deadLetterDir = makeDir();
    const { fc, outcomes, lines, queueDir } = await open(throws, { deadLetterDir, retryDelaysMs: [] });
    rmSync(deadLetterDir, { recursive: true });

    fc.enqueue({ id: 1 });
    await fc.idle();

    expect(outcomes).toMatchObject([{ event: { id: 1 }, result: { status: 'failed' } }]);
    expect(outcomes[0]).not.toHaveProperty('deadLetter');
    const fields = { event: { id: 1 }, error: 'broken', reason: expect.stringContaining('ENOENT') };
    expect(lines).toContainEqual({
      message: 'dead letter not written',
      fields: expect.objectContaining(fields),
    });
    expect(readdirSync(queueDir)).toHaveLength(1);
  });
});

describe('a JSON file that cannot be written', () => {
  it('a JSON file that cannot be written leaves nothing half written beside it', () => {
    const dir = makeDir();
    mkdirSync(join(dir, 'a.json'));

    expect(() => writeJsonFile(join(dir, 'a.json'), {})).toThrow();

    expect(readdirSync(dir)).toEqual(['a.json']);
  });
});
