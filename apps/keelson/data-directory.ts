import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './command-line.ts';
import type { EtcdSettings } from './process/store-place.ts';

/** What a data directory says of the region in it. Everything outside it is named after `id`. */
export interface RegionIdentity {
  readonly formatVersion: 1;
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly region: string;
  readonly account: string;
  readonly port: number;
  readonly compute: 'linux' | 'simulated';
  /** How far back watches and paged lists may go, in seconds; 300 when absent. */
  readonly historySeconds?: number;
  /** The etcd that everything is kept in; absent: files of this directory. */
  readonly store?: EtcdSettings;
}

/** Where everything of one region lies. */
export interface DataDirectory {
  readonly path: string;
  readonly identityFile: string;
  readonly secretKeyFile: string;
  readonly regionStore: string;
  readonly logs: string;
  readonly run: string;
  readonly regionSocket: string;
  readonly regionProcessFile: string;
  cluster(name: string): ClusterDirectory;
}

export interface ClusterDirectory {
  readonly path: string;
  readonly store: string;
  readonly log: string;
  readonly processFile: string;
}

/** The directory asked for, or KEELSON_DATA, or the usual place of this user. Nothing is made yet. */
export function dataDirectory(asked: string | undefined): DataDirectory {
  const usual = process.getuid?.() === 0 ? '/var/lib/keelson' : join(homedir(), '.local', 'share', 'keelson');
  const path = resolve(asked ?? process.env['KEELSON_DATA'] ?? usual);
  const run = join(path, 'run');
  return {
    path,
    identityFile: join(path, 'region.json'),
    secretKeyFile: join(path, 'secret.key'),
    regionStore: join(path, 'region.db'),
    logs: join(path, 'logs'),
    run,
    regionSocket: join(run, 'region.sock'),
    regionProcessFile: join(run, 'region.json'),
    cluster: (name) => {
      const folder = join(path, 'clusters', name);
      return {
        path: folder,
        store: join(folder, 'cluster.db'),
        log: join(path, 'logs', `cluster-${name}.log`),
        processFile: join(run, `cluster-${name}.json`),
      };
    },
  };
}

/** Unix sockets have short names (108 bytes on Linux). */
const longestSocketPath = 107;

/** Makes the directory, for its owner alone, or says what is wrong with it. @throws UsageError */
export function openDataDirectory(directory: DataDirectory): void {
  const { path } = directory;
  if (Buffer.byteLength(directory.regionSocket) > longestSocketPath) {
    throw new UsageError(
      `the data directory's path is too long for a Unix socket in it: ${path}; choose a shorter one with --data`,
    );
  }
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const owner = statSync(path).uid;
    const self = process.getuid?.() ?? owner;
    if (owner !== self) {
      throw new UsageError(
        `the data directory ${path} belongs to user ${owner}; run keelson as that user, or choose another with --data`,
      );
    }
    accessSync(path, constants.W_OK | constants.X_OK);
    chmodSync(path, 0o700);
    for (const folder of [directory.run, directory.logs, join(path, 'clusters')])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EROFS'
        ? 'lies on a read-only file system'
        : code === 'EACCES'
          ? 'may not be written by this user'
          : message;
    throw new UsageError(
      `the data directory ${path} cannot be used: it ${reason}; choose another with --data or KEELSON_DATA`,
    );
  }
}

/** Undefined when there is no region here yet. @throws UsageError for one of a newer Keelson, or a damaged file */
export function readIdentity(directory: DataDirectory): RegionIdentity | undefined {
  if (!existsSync(directory.identityFile)) return undefined;
  let identity: RegionIdentity;
  try {
    identity = JSON.parse(readFileSync(directory.identityFile, 'utf8'));
  } catch (error) {
    throw new UsageError(`${directory.identityFile} cannot be read: ${(error as Error).message}`);
  }
  if (identity.formatVersion !== 1) {
    throw new UsageError(
      `${directory.path} was written by a newer Keelson (format ${identity.formatVersion}); use that one, or another --data`,
    );
  }
  return identity;
}

/** Settles who this region is, under an id of its own if it has none yet; kept from then on. */
export function writeIdentity(
  directory: DataDirectory,
  wanted: Omit<RegionIdentity, 'formatVersion' | 'id'> & { readonly id?: string },
): RegionIdentity {
  const identity: RegionIdentity = { id: randomBytes(4).toString('hex'), ...wanted, formatVersion: 1 };
  writePrivateFile(directory.identityFile, `${JSON.stringify(identity, undefined, 2)}\n`);
  return identity;
}

/** Writes a file that only its owner can read, whole or not at all. Folders above it are made. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const staging = `${path}.new`;
  writeFileSync(staging, content, { mode: 0o600, flush: true });
  renameSync(staging, path);
}

/** The key that secrets in the region's store are sealed with: 32 bytes, made at the first call. */
export function secretKey(directory: DataDirectory): Uint8Array {
  if (!existsSync(directory.secretKeyFile)) writePrivateFile(directory.secretKeyFile, randomBytes(32));
  const key = readFileSync(directory.secretKeyFile);
  if (key.length !== 32)
    throw new UsageError(`${directory.secretKeyFile} is damaged: it has ${key.length} bytes instead of 32`);
  return key;
}
