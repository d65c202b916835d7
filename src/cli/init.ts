import { join } from 'node:path';
import { CliError, defineCommand, type Io } from './command.ts';
import { type Answers, findOtherScripts, writeProject } from './init-files.ts';
import { parseBucket, parseRegion } from './input.ts';
import { builtDir } from './package-files.ts';

export const init = defineCommand({
  options: {
    region: { value: 'id', summary: 'region of bucket and function, such as cn-hangzhou' },
    bucket: { value: 'name', summary: 'the bucket whose uploads are processed' },
    lang: { value: 'en|zh', summary: "language of the comments (default the terminal's)" },
    yes: { summary: 'asks nothing; the defaults are cn-hangzhou and my-photos' },
  },
  positionals: { name: 'folder', summary: 'where to write it (default this one)', many: false },
  run: async ({ region, bucket, lang: given, yes }, io, [folder = '.']) => {
    const lang = languageOf(given, io);
    const answers: Answers = {
      region: parseRegion(region ?? (await ask('region', yes, io, 'cn-hangzhou'))),
      bucket: parseBucket(bucket ?? (await ask('bucket', yes, io, 'my-photos'))),
    };
    const templateDir = join(builtDir(), '../src/deploy/project', lang, 'src');
    const lines = await writeProject(folder, templateDir, answers);
    const others = await findOtherScripts(folder, templateDir);
    io.out(`${lines.map((line) => `${line}\n`).join('')}${nextSteps(folder, lang, others)}`);
    return 0;
  },
});

/** Asks, or takes the usual answer if nothing should be asked. */
async function ask(name: string, yes: boolean, io: Io, usual: string): Promise<string> {
  if (yes) {
    return usual;
  }
  if (io.ask === undefined) {
    throw new CliError(`--${name}: there is nobody to ask; give it, or --yes for ${usual}.`);
  }
  return (await io.ask(`${name} [${usual}]`)) || usual;
}

function languageOf(lang: string | undefined, { env }: Io): string {
  if (lang !== undefined && lang !== 'en' && lang !== 'zh') {
    throw new CliError(`--lang: expected en or zh, received "${lang}".`);
  }
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return lang ?? (locale.startsWith('zh') ? 'zh' : 'en');
}

/** Says what to do with a new project; `others` are our scripts whose names it uses for something else. */
export function nextSteps(folder: string, lang: string, others: Readonly<Record<string, string>>): string {
  const isHere = folder === '.';
  const call = (name: string, usual: string) => (others[name] === undefined ? usual : `npx ${others[name]}`);
  const start = call('start', 'npm start');
  const deploy = `${call('check', 'npm run check')} && ${call('deploy', 'npm run deploy')}`;
  return lang === 'zh'
    ? `
接下来，${isHere ? '' : `在 ${folder} 中，`}无需账号：  npm install && ${start}
首次部署前需创建两个角色，见 node_modules/oss-saveas/docs/zh/deploy.md
然后，以及每次修改 rules.yaml 之后：  ${deploy}
`
    : `
Next, ${isHere ? '' : `in ${folder}, `}without an account:  npm install && ${start}
A deployment first needs two roles: see node_modules/oss-saveas/docs/deploy.md
Then, and after each change of rules.yaml:  ${deploy}
`;
}
