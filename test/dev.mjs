// `npm run dev`: compiles and starts the local OSS, and does so again whenever something below src/ changes.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npm', ['run', '--silent', 'compile'], { stdio: 'inherit' });
if (status !== 0) {
  process.exit(status ?? 1);
}
process.argv.splice(2, 0, 'local');
await import('../build/cli.js');
