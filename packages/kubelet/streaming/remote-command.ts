import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ContainerStreams, RuntimeError, runtimeMessage, type TerminalSize } from '../runtime.ts';

/** A client that is connected to a process, whatever protocol it speaks. */
export interface RemoteCommand {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  onResize(handler: (size: TerminalSize) => void): void;
  /** Tells the client how it ended, and closes. */
  finish(status: CommandStatus): Promise<void>;
  /** Resolves when the client has gone. */
  readonly closed: Promise<void>;
}

/** Which streams a client asked for. */
export interface WantedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** meta/v1 Status, as remotecommand v4 ends with it. */
export interface CommandStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
}

export function exitStatus(exitCode: number): CommandStatus {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

export function errorStatus(thrown: unknown): CommandStatus {
  const text = thrown instanceof RuntimeError ? thrown.message : runtimeMessage(thrown);
  return {
    metadata: {},
    status: 'Failure',
    reason: 'InternalError',
    code: 500,
    message: `Internal error occurred: ${text}`,
  };
}

/** Carries everything between a client and a process until the process has ended or the client has gone. */
export async function joinCommand(client: RemoteCommand, start: () => Promise<ContainerStreams>): Promise<void> {
  let process: ContainerStreams;
  try {
    process = await start();
  } catch (thrown) {
    await client.finish(errorStatus(thrown));
    return;
  }
  client.onResize((size) => process.resize(size));
  const quietly = (carrying: Promise<void>) => carrying.catch(() => {});
  if (client.stdin && process.stdin) void quietly(pipeline(client.stdin, process.stdin));
  const outputs: Promise<void>[] = [];
  if (process.stdout) outputs.push(quietly(drained(process.stdout, client.stdout)));
  if (process.stderr) outputs.push(quietly(drained(process.stderr, client.stderr)));
  const ended = Promise.all([process.exit, ...outputs]).then(([exitCode]) => exitStatus(exitCode), errorStatus);
  const status = await Promise.race([ended, client.closed.then(() => undefined)]);
  process.close();
  if (status !== undefined) await client.finish(status);
}

/** Writes all of `from` to `to`, and leaves `to` open: what ends it is the status. */
async function drained(from: Readable, to: Writable | undefined): Promise<void> {
  if (to === undefined) {
    from.resume();
    return;
  }
  await pipeline(from, to, { end: false });
}
