import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  builtInstanceProgram,
  isRunning,
  makeDir,
  useLocalFunctionCompute,
  writePackage,
} from './fixture.ts';

useLocalFunctionCompute();

it('an instance whose handler never ends is gone soon after its parent was killed', async () => {
  const codeDir = writePackage('exports.handler = () => { console.log("stuck"); for (;;); };');
  const parent = join(makeDir(), 'parent.cjs');
  const environment = { FC_FUNC_CODE_PATH: codeDir, FC_FUNCTION_HANDLER: 'index.handler' };
  writeFileSync(
    parent,
    `const options = { env: ${JSON.stringify(environment)}, serialization: 'advanced', silent: true };
     const child = require('node:child_process').fork(${JSON.stringify(builtInstanceProgram())}, [], options);
     child.on('message', () => child.send({ type: 'invoke', event: Buffer.from('{}'), context: { requestId: '1' } }));
     child.stdout.on('data', () => process.send(child.pid));`,
  );
  const child = fork(parent);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [pid] = await once(child, 'message');
  // A handler that never ends would otherwise keep a processor busy after a failure.
  onTestFinished(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')));

  child.kill('SIGKILL');

  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 });
});
