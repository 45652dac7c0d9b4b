import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A mistake in how a command was called, or something about the machine that its user can mend. Printed without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One command of `keelson`. */
export interface Command {
  /** `create cluster`: the words that choose it. */
  readonly name: string;
  /** The rest of its usage line: `NAME [--nodes N]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsConfig['options'];
  /** How many words must and may follow the options; arguments are passed on unread when it is `passThrough`. */
  readonly words: readonly [minimum: number, maximum: number] | 'passThrough';
  /** Not shown in the help: started by Keelson itself. */
  readonly internal?: boolean;
  /** Resolves to the exit code. */
  run(words: readonly string[], options: Options): Promise<number>;
}

/** The options given, by name. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** A whole number within bounds. @throws UsageError that names the option. */
  integer(name: string, lowest: number, highest: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || value < lowest || value > highest) {
      throw new UsageError(`--${name} takes a whole number from ${lowest} to ${highest}, not '${text}'`);
    }
    return value;
  }
}

function usageOf(command: Command): string {
  return `Usage: keelson ${command.name} ${command.usage}`.trimEnd();
}

function helpOf(command: Command): string {
  return `${usageOf(command)}\n\n${command.summary}\n`;
}

function overview(commands: readonly Command[]): string {
  const shown = commands.filter((command) => !command.internal);
  const width = Math.max(...shown.map((command) => command.name.length));
  const lines = shown.map((command) => `  ${command.name.padEnd(width)}  ${command.summary.split('\n')[0]}`);
  return `Amazon EKS on your own machine.\n\nUsage: keelson COMMAND …\n\n${lines.join('\n')}\n\n'keelson COMMAND --help' tells more.\n`;
}

function choose(commands: readonly Command[], words: readonly string[]): { command: Command; rest: string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = commands.find((one) => one.name === name);
    if (command) return { command, rest: words.slice(length) };
  }
  throw new UsageError(`keelson has no command '${words.slice(0, 2).join(' ')}'; 'keelson --help' lists them`);
}

/** Runs what `words` ask for; resolves to the exit code. @throws UsageError */
export async function runCommandLine(commands: readonly Command[], words: readonly string[]): Promise<number> {
  if (words.length === 0 || ['help', '--help', '-h'].includes(words[0]!)) {
    process.stdout.write(overview(commands));
    return 0;
  }
  const { command, rest } = choose(commands, words);
  if (command.words === 'passThrough') return command.run(rest, new Options({}));
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
    parsed = parseArgs({ args: rest, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('\n')[0]}\n${usageOf(command)}`);
  }
  if (parsed.values['help']) {
    process.stdout.write(helpOf(command));
    return 0;
  }
  const [minimum, maximum] = command.words;
  if (parsed.positionals.length < minimum || parsed.positionals.length > maximum)
    throw new UsageError(usageOf(command));
  return command.run(parsed.positionals, new Options(parsed.values));
}
