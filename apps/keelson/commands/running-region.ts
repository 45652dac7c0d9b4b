import { UsageError } from '../command-line.ts';
import { type DataDirectory, dataDirectory, type RegionIdentity, readIdentity } from '../data-directory.ts';
import { exchangeJson } from '../process/json-exchange.ts';
import { runningProcess } from '../process/process-file.ts';
import { type SocketTransport, socketTransport } from '../process/socket-transport.ts';

/** The region of a data directory, and a way to talk to it. */
export interface RunningRegion {
  readonly directory: DataDirectory;
  readonly identity: RegionIdentity;
  readonly socket: SocketTransport;
  ask(method: string, target: string, body?: unknown): Promise<any>;
}

export const dataOption = { data: { type: 'string' } } as const;

/** @throws UsageError when no region runs there */
export function runningRegion(data: string | undefined): RunningRegion {
  const directory = dataDirectory(data);
  const identity = readIdentity(directory);
  if (identity === undefined || runningProcess(directory.regionProcessFile) === undefined) {
    throw new UsageError(`no region runs in ${directory.path}; start it with 'keelson up'`, 1);
  }
  const socket = socketTransport(directory.regionSocket);
  return { directory, identity, socket, ask: (method, target, body) => exchangeJson(socket, method, target, body) };
}
