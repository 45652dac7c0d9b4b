import { createLog, formatLogEntry, SystemClock, systemWorld, type World } from '@keelson/base';

/** What every add-on's process has: the machine's world, and when it was asked to end. */
export interface AddOnProcess {
  readonly world: World;
  /** Aborts at SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Logs to standard output, one JSON line for each entry, and keeps the process alive until it is told to end. */
export function startAddOn(name: string): AddOnProcess {
  const log = createLog(new SystemClock(), (entry) => process.stdout.write(`${formatLogEntry(entry)}\n`));
  const stop = new AbortController();
  // A Clock's timers do not keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      clearInterval(alive);
      stop.abort();
    });
  return { world: systemWorld(log.with({ component: name })), signal: stop.signal };
}

/** Flags as `--name=value`, `--name value` or `-name value`. @throws Error `unknown flag: --name` for one not in `known` */
export function readFlags(words: readonly string[], known: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < words.length; index++) {
    const match = /^--?([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(words[index]!);
    if (match === null) throw new Error(`unexpected argument: ${words[index]}`);
    const [, name = '', value] = match;
    if (!known.includes(name)) throw new Error(`unknown flag: --${name}`);
    const given = value ?? words[++index];
    if (given === undefined) throw new Error(`flag needs an argument: --${name}`);
    flags.set(name, given);
  }
  return flags;
}
