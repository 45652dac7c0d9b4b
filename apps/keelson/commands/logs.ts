import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { type Command, UsageError } from '../command-line.ts';
import { dataDirectory } from '../data-directory.ts';
import { dataOption } from './running-region.ts';

/** A line of the log for a person: time, level, part, message and facts. Lines that are not JSON stay as they are. */
export function readableLine(part: string, line: string): string {
  try {
    const { time, level, message, ...fields } = JSON.parse(line) as Record<string, string>;
    const facts = Object.entries(fields).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return [time, String(level).toUpperCase().padEnd(5), part, message, ...facts].join('  ');
  } catch {
    return `${part}  ${line}`;
  }
}

class LogTail {
  readonly #part: string;
  readonly #descriptor: number;
  #position = 0;
  #rest = '';

  constructor(path: string) {
    this.#part = basename(path, '.log');
    this.#descriptor = openSync(path, 'r');
  }

  /** The lines since the last call. */
  read(): string[] {
    const { size } = fstatSync(this.#descriptor);
    if (size < this.#position) this.#position = 0;
    const buffer = Buffer.alloc(Math.max(size - this.#position, 0));
    const length = readSync(this.#descriptor, buffer, 0, buffer.length, this.#position);
    this.#position += length;
    const lines = (this.#rest + buffer.toString('utf8', 0, length)).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => readableLine(this.#part, line));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

export const logsCommand: Command = {
  name: 'logs',
  usage: '[PART] [-f] [--tail N] [--data DIR]',
  summary: "What the parts said: 'region', or 'cluster-NAME' for a control plane.",
  options: { ...dataOption, follow: { type: 'boolean', short: 'f' }, tail: { type: 'string' } },
  words: [0, 1],
  run: async ([part], options) => {
    const { logs } = dataDirectory(options.text('data'));
    const all = existsSync(logs) ? readdirSync(logs).filter((name) => name.endsWith('.log')) : [];
    const chosen = part === undefined ? all : all.filter((name) => name === `${part}.log`);
    if (chosen.length === 0) {
      const known = all.map((name) => basename(name, '.log')).join(', ');
      throw new UsageError(
        part === undefined
          ? `nothing was logged yet in ${logs}`
          : `no part is called ${part}; there are ${known || 'none'}`,
        1,
      );
    }
    const tails = chosen.map((name) => new LogTail(`${logs}/${name}`));
    const lines = tails.flatMap((tail) => tail.read()).sort();
    const count = options.integer('tail', 0, 1_000_000) ?? lines.length;
    for (const line of count === 0 ? [] : lines.slice(-count)) process.stdout.write(`${line}\n`);
    if (!options.flag('follow')) return 0;
    const show = () => {
      for (const tail of tails) for (const line of tail.read()) process.stdout.write(`${line}\n`);
    };
    return new Promise(() => {
      watch(logs, show);
    });
  },
};
