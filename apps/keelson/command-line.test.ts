import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, runCommandLine, UsageError } from './command-line.ts';

function commands() {
  const calls: unknown[] = [];
  const command = (name: string, words: Command['words']): Command => ({
    name,
    usage: '',
    summary: name,
    options: { nodes: { type: 'string' } },
    words,
    run: async (given, options) => {
      calls.push([name, given, options.integer('nodes', 0, 450)]);
      return 0;
    },
  });
  return { calls, list: [command('create cluster', [1, 1]), command('up', [0, 0]), command('kubectl', 'passThrough')] };
}

test('a command is chosen by one word or two, and its options may stand anywhere', async () => {
  const { calls, list } = commands();
  await runCommandLine(list, ['create', 'cluster', '--nodes', '3', 'demo']);
  await runCommandLine(list, ['up']);
  await runCommandLine(list, ['kubectl', 'get', 'pods', '-A', '--help']);
  assert.deepEqual(calls, [
    ['create cluster', ['demo'], 3],
    ['up', [], undefined],
    ['kubectl', ['get', 'pods', '-A', '--help'], undefined],
  ]);
});

test('what is wrong with a call is said in a sentence that names it', async () => {
  const { list } = commands();
  const refused: [string[], RegExp][] = [
    [['destroy'], /no command 'destroy'/],
    [['create', 'cluster'], /Usage: keelson create cluster/],
    [['create', 'cluster', 'a', 'b'], /Usage/],
    [['up', '--wrong'], /'--wrong'/],
    [['create', 'cluster', 'a', '--nodes', 'many'], /--nodes takes a whole number from 0 to 450, not 'many'/],
    [['create', 'cluster', 'a', '--nodes', '451'], /0 to 450/],
  ];
  for (const [words, message] of refused) {
    await assert.rejects(
      runCommandLine(list, words),
      (error) => error instanceof UsageError && message.test(error.message),
      words.join(' '),
    );
  }
});
