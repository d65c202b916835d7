import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { summaries } from '../../src/cli/commands.ts';
import { main } from '../../src/cli/main.ts';
import { createIo, runCommand } from './terminal.ts';

describe('the command line', () => {
  it.each([['--version'], ['-v'], ['version']])(
    'the command line says which version this is: %s',
    async (...args) => {
      expect(await runCommand(args)).toEqual({ exitCode: 0, out: `${packageJson.version}\n`, err: '' });
    },
  );

  it.each([[[]], [['help']], [['--help']], [['-h']]])(
    'the command line lists the commands: %j',
    async (args) => {
      const { exitCode, out } = await runCommand(args);

      expect([exitCode, out]).toEqual([0, expect.stringMatching(/^ {2}explain .*\n/m)]);
    },
  );

  it.each([[['help', 'run']], [['run', '--help']], [['run', '-h']], [['--help', 'run']]])(
    'the command line explains one command: %j',
    async (args) => {
      const { exitCode, out } = await runCommand(args);

      expect([exitCode, out]).toEqual([0, expect.stringContaining('Usage: oss-saveas run [options]')]);
    },
  );

  it.each(['', ...Object.keys(summaries)])('the help of "%s" fits 80 columns', async (name) => {
    const { out } = await runCommand(['help', name].filter((arg) => arg !== ''));

    expect(out.split('\n').filter(({ length }) => length > 80)).toEqual([]);
    expect(out).toContain('Usage: oss-saveas');
  });

  it('the help of commands names values that are understood, and breaks no line within one', async () => {
    const backfill = await runCommand(['help', 'backfill']);
    const generate = await runCommand(['help', 'generate']);

    expect(backfill.out).toMatch(/--via <way> +"function" hands/);
    expect(generate.out).toContain('Usage: oss-saveas generate [options] [<what>]\n');
    expect(generate.out.replace(/\s+/g, ' ')).toContain(
      'policy, trust, trigger-policy, trigger-trust, trigger, event, eventbridge',
    );
  });

  it.each([
    [['chekc'], 'no command "chekc" (did you mean "check"?)'],
    [['help', 'biuld'], 'no command "biuld" (did you mean "build"?)'],
    [['frobnicate'], 'no command "frobnicate".'],
    [['check', '--strcit'], `Unknown option '--strcit' (did you mean "strict"?).`],
    [['check', 'rules.yaml'], "Unexpected argument 'rules.yaml'."],
    [['doctor', 'oss://a/b', 'oss://c/d'], "Unexpected argument 'oss://c/d'."],
    [['check', '--rules', ''], '--rules: expected a value.'],
    [['check', '--rules', 'a', '--rules=b'], '--rules is given more than once.'],
    [['cost', '--size', '-1'], "Option '--size' argument is ambiguous.\n"],
  ])('the command line does not understand %j, and says how it is meant', async (args, message) => {
    const { exitCode, out, err } = await runCommand(args);

    expect([exitCode, out, err]).toEqual([2, '', expect.stringContaining(message)]);
    expect(err).toMatch(/^.+\n"npx oss-saveas help.*\n$/);
  });

  it('the command line takes what stands behind -- for an argument, however it begins', async () => {
    const { out } = await runCommand(['explain', '--', '--help']);

    expect(out).toContain('/--help\n');
  });

  it('the command line ends a command that waits for its input when the person presses Ctrl-C', async () => {
    const { io, stop } = createIo();
    const ended = main(['explain', '-'], { ...io, input: new PassThrough() });

    stop.abort();

    expect(await ended).toBe(130);
  });
});
