/** `npm run lines`: how much code there is, folder by folder, against what was agreed. Ends with 1 where it is more. */
import { measureLines } from './measure.ts';

const { report, problems, shapeProblems } = measureLines('src');
process.stdout.write(report);
for (const problem of [...problems, ...shapeProblems]) {
  process.stderr.write(`${problem}\n`);
}
process.exitCode = problems.length + shapeProblems.length === 0 ? 0 : 1;
