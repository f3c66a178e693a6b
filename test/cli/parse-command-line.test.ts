import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { boundsFlag, mixtureFlag, numberFlag, reasonFlag } from '../../src/cli/act-flags.js';
import { extendBudget } from '../../src/cli/change-budget.js';
import { textFlag } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { commandHelp, mainHelp } from '../../src/cli/help.js';
import { INIT_TEMPLATE } from '../../src/cli/init-template.js';
import { createIo } from '../../src/cli/io.js';
import { parseCommandLine } from '../../src/cli/parse-command-line.js';
import { checkedRun } from '../../src/domain/checked-run.js';
import { InputError } from '../../src/domain/errors.js';
import { parseSweep } from '../../src/domain/parse-sweep.js';

const problemOf = (...args: string[]): string => {
  try {
    parseCommandLine(args);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error(`${args.join(' ')} was taken`);
};

describe('a command line', () => {
  it('gives the command, its arguments and its flags, wherever the flags stand', () => {
    for (const args of [
      ['run', 'a.yaml', '--home', 'h', '--detach'],
      ['--home', 'h', 'run', '--detach', 'a.yaml'],
      ['run', '--home=h', '--detach', '--', 'a.yaml'],
    ]) {
      const { command, positionals, flags, wants } = parseCommandLine(args);
      expect([command?.name, positionals, flags['home'], flags['detach'], wants]).toEqual([
        'run',
        ['a.yaml'],
        'h',
        true,
        'run',
      ]);
    }
  });

  it('takes a file name that begins with a dash after --', () => {
    expect(parseCommandLine(['run', '--', '-odd.yaml']).positionals).toEqual(['-odd.yaml']);
  });

  it('suggests the nearest command and the nearest flag', () => {
    expect(problemOf('runn', 'a.yaml')).toContain('did you mean run?');
    expect(problemOf('stauts')).toContain('did you mean status?');
    expect(problemOf('run', 'a.yaml', '--detatch')).toContain('did you mean --detach?');
    expect(problemOf('zzzzzzz')).not.toContain('did you mean');
  });

  it('refuses a missing or forgotten value, and a value for a switch', () => {
    expect(problemOf('run', 'a.yaml', '--id')).toContain('--id: expected a value: ID');
    expect(problemOf('run', 'a.yaml', '--id', '--json')).toContain('--id: expected a value: ID');
    expect(problemOf('run', 'a.yaml', '--detach=yes')).toContain('--detach: expected no value');
  });

  it('refuses a value that is given twice, of which one would be lost, and takes a switch twice', () => {
    const twice = problemOf('veto', 's', '--bounds', 'web=0.1..0.5', '--bounds=books=..0.3');
    expect(twice).toContain('--bounds: expected to be given once; found it twice');
    expect(problemOf('what-if', 's', '--drop', 't0001', '--drop', 't0001')).toContain('--drop');
    expect(parseCommandLine(['run', 'a.yaml', '--json', '--detach', '--json']).flags['json']).toBe(true);
  });

  it('refuses an empty argument, as of a variable that was never set: it would name whatever sweep there is', () => {
    expect(problemOf('cancel', '')).toContain('arguments: expected titrate cancel SWEEP [TRIAL], none of them empty');
    expect(problemOf('cancel', 's', ' ')).toContain('found "s" " "');
    expect(problemOf('status', '')).toContain('none of them empty');
  });

  it('refuses too few and too many arguments, showing the usage', () => {
    expect(problemOf('run')).toContain('expected titrate run FILE; found nothing');
    expect(problemOf('doctor', 'now')).toContain('expected no argument; found "now"');
    expect(problemOf('explain', 'a', '1', '2')).toContain('expected titrate explain [SWEEP|FOLDER] [N]');
  });

  it('asks for help in every usual way', () => {
    for (const args of [[], ['--help'], ['-h'], ['help'], ['run', '--help'], ['help', 'run'], ['run', '-h']]) {
      expect(parseCommandLine(args).wants).toBe('help');
    }
  });

  it('shows the version with every command', () => {
    expect(parseCommandLine(['--version']).wants).toBe('version');
    for (const { name } of COMMANDS) expect(parseCommandLine([name, '--version']).wants).toBe('version');
  });
});

describe('the help', () => {
  it('names every command with an example, and every exit code', () => {
    const text = mainHelp();
    for (const { name, examples } of COMMANDS) {
      expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect(text).toContain(`  ${examples[0]}`);
    }
    for (const code of ['0  ', '1  ', '2  ', '3  ', '130']) expect(text).toMatch(new RegExp(`^  ${code}`, 'm'));
  });

  it('shows examples that the command line itself accepts', () => {
    for (const { examples, name } of COMMANDS) {
      for (const example of examples) {
        const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
        expect(parseCommandLine(words.slice(1)).command?.name).toBe(name);
      }
    }
  });

  it('shows a run to pin that the demonstration and the sweep of titrate init allow', () => {
    const [example = ''] = COMMANDS.find(({ name }) => name === 'pin')?.examples ?? [];
    const invocation = { ...parseCommandLine(example.split(' ').slice(1)), io: createIo(false) };
    const run = {
      mixture: mixtureFlag(invocation, 'mixture') ?? {},
      scale: textFlag(invocation, 'scale') ?? '',
      steps: numberFlag(invocation, 'steps') ?? 0,
    };
    const demonstration = readFileSync(new URL('../../config/slimpajama.yaml', import.meta.url), 'utf8');
    for (const text of [INIT_TEMPLATE, demonstration])
      expect(checkedRun(parseSweep(parse(text)), run)).toMatchObject({ run: { scale: run.scale } });
  });

  it('takes each domain of a mixture and of bounds once: of two limits one would be lost', () => {
    const read = (...args: string[]) => ({ ...parseCommandLine(args), io: createIo(false) });
    const veto = (bounds: string) => boundsFlag(read('veto', 'one', '--bounds', bounds), 'bounds');
    expect(veto('web=0.2..0.5,books=..0.3')).toEqual({ web: { min: 0.2, max: 0.5 }, books: { max: 0.3 } });
    expect(() => veto('web=0.2..,web=..0.5')).toThrow('--bounds: expected each domain once (web)');
    const pin = read('pin', 'one', '--mixture', 'web=0.5,web=0.5');
    expect(() => mixtureFlag(pin, 'mixture')).toThrow('--mixture: expected each domain once (web)');
    expect(() => veto('web=0.2..0.5=books')).toThrow('--bounds: expected like');
  });

  it('takes maps as a sweep file has them, where a domain’s name cannot stand in a list', () => {
    const read = (...args: string[]) => ({ ...parseCommandLine(args), io: createIo(false) });
    const veto = (bounds: string) => boundsFlag(read('veto', 'one', '--bounds', bounds), 'bounds');
    const pin = (mixture: string) => mixtureFlag(read('pin', 'one', '--mixture', mixture), 'mixture');
    const mixture = { 'web,en': 0.6, 'a=b': 0.4 };
    expect(pin(JSON.stringify(mixture))).toEqual(mixture);
    expect(pin('{ "web,en": 0.6, a=b: 0.4 }')).toEqual(mixture);
    const bounds = { 'web,en': { min: 0.2, max: 0.5 }, 'a=b': { max: 0.3 } };
    expect(veto(JSON.stringify(bounds))).toEqual(bounds);
    expect(() => pin('{"a": 0.6, "a": 0.4}')).toThrow(/--mixture:1:12: expected YAML; found Map keys must be unique/);
    for (const text of ['{"a": "much"}', '{"a": {}}', '{"a": .inf}']) expect(() => pin(text)).toThrow('--mixture');
    for (const text of ['{"a": 0.5}', '{"a": {"mox": 1}}', '{"a"']) expect(() => veto(text)).toThrow('--bounds');
  });

  it('takes no budget that changes by nothing or less, and names the flag', async () => {
    for (const by of ['0', '-5']) {
      const asked = { ...parseCommandLine(['extend-budget', 'one', `--by=${by}`]), io: createIo(false) };
      await expect(extendBudget(asked)).rejects.toThrow(`--by: expected a number above 0; found ${by}`);
    }
  });

  it('takes no blank reason: it goes into the record', () => {
    const read = (reason: string) => ({
      ...parseCommandLine(['pause', 'one', `--reason=${reason}`]),
      io: createIo(false),
    });
    expect(reasonFlag(read(' a move '))).toBe(' a move ');
    for (const blank of [' ', ' \t'])
      expect(() => reasonFlag(read(blank))).toThrow('--reason: expected text that is not');
  });

  it('shows every flag of a command, the common ones included', () => {
    const run = COMMANDS.find(({ name }) => name === 'run');
    if (run === undefined) throw new Error('there is a command run');
    for (const flag of ['--detach', '--id ID', '--fresh', '--home DIR', '--json'])
      expect(commandHelp(run)).toContain(flag);
  });

  it('loads a function for every command', async () => {
    for (const { load } of COMMANDS) expect(await load()).toBeTypeOf('function');
  });
});
