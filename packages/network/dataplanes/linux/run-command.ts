import { spawn } from 'node:child_process';
import type { Clock } from '@keelson/base';

export interface CommandOptions {
  readonly clock: Clock;
  /** What the program reads. Default: nothing. */
  readonly input?: string;
  /** After so many milliseconds the program is killed. Default 10 000. */
  readonly timeout?: number;
}

/** A program that could not be run, or that ended with something other than 0. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** What it said on standard error, at most 4 KiB. */
  readonly stderr: string;
  /** Undefined when it was killed, or never began. */
  readonly exitCode: number | undefined;

  constructor(command: readonly string[], problem: string, stderr: string, exitCode: number | undefined) {
    super(`${command.join(' ')}: ${problem}${stderr === '' ? '' : `: ${stderr.trim()}`}`);
    this.stderr = stderr;
    this.exitCode = exitCode;
  }
}

const maximumOutput = 64 * 2 ** 20;
const maximumErrors = 4096;

/** Runs a program to its end and resolves to what it wrote. @throws CommandError */
export function runCommand(command: readonly string[], options: CommandOptions): Promise<string> {
  const { clock, input = '', timeout = 10_000 } = options;
  const [program = '', ...parameters] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: searchPath, LC_ALL: 'C' },
    });
    const output: Buffer[] = [];
    let size = 0;
    let errors = '';
    let problem: string | undefined;
    const stop = (why: string) => {
      problem ??= why;
      child.kill('SIGKILL');
    };
    const timer = clock.setTimer(timeout, () => stop(`was killed after ${timeout} ms`));
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > maximumOutput) stop(`wrote more than ${maximumOutput} bytes`);
      else output.push(piece);
    });
    child.stderr.on('data', (piece: Buffer) => {
      errors = (errors + piece.toString()).slice(0, maximumErrors);
    });
    child.stdin.on('error', () => {});
    child.on('error', (error) => {
      timer.cancel();
      reject(new CommandError(command, error.message, '', undefined));
    });
    child.on('close', (code, signal) => {
      timer.cancel();
      if (code === 0 && problem === undefined) resolve(Buffer.concat(output).toString());
      else reject(new CommandError(command, problem ?? describeEnd(code, signal), errors, code ?? undefined));
    });
    child.stdin.end(input);
  });
}

/** Where iproute2, nftables and util-linux are; a service manager's PATH may lack the sbin directories. */
export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `was ended by ${signal}` : `ended with ${code}`;
}
