/** One file of a volume. */
export interface VolumeFile {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** Everything that a configMap, secret, downwardAPI or projected volume holds, by path within it. */
export type VolumePayload = ReadonlyMap<string, VolumeFile>;

export type HostPathType =
  | ''
  | 'DirectoryOrCreate'
  | 'Directory'
  | 'FileOrCreate'
  | 'File'
  | 'Socket'
  | 'CharDevice'
  | 'BlockDevice';

/**
 * Where a kubelet keeps what its pods see as files. Every path handed out is absolute and means something to the
 * runtime. Methods reject with an Error whose message can be shown to the pod's owner.
 */
export interface PodFiles {
  /** False when no process will ever read the files: then no token is asked for and nothing is refreshed. */
  readonly readable: boolean;
  /** The node's own /etc/hosts. */
  nodeHostsFile(): Promise<string>;
  /** Makes an emptyDir. `medium` is '' or Memory; `sizeLimit` in bytes, undefined for none; `group` owns it if set. */
  makeEmptyDirectory(
    uid: string,
    volume: string,
    medium: string,
    sizeLimit: number | undefined,
    group: number | undefined,
  ): Promise<string>;
  /**
   * Makes the volume hold exactly `payload`. Readers see the former contents whole until they see the new ones whole
   * (a `..data` link is changed in one step). `plugin` is the volume's type as it is spelled in the pod: `configmap`.
   */
  writeVolume(
    uid: string,
    plugin: string,
    volume: string,
    payload: VolumePayload,
    group: number | undefined,
  ): Promise<string>;
  /** Writes a file of the pod's own beside its volumes (`etc-hosts`), keeping the inode of one that is there. */
  writeFile(uid: string, path: string, bytes: Uint8Array, mode: number): Promise<string>;
  /** Where `writeFile` puts or would put a file. */
  pathOf(uid: string, path: string): string;
  /** The last `limit` bytes of a file; undefined when there is none. */
  readTail(path: string, limit: number): Promise<Uint8Array | undefined>;
  /** Checks or makes a hostPath as its type says. */
  prepareHostPath(path: string, type: HostPathType): Promise<void>;
  /** A path within a volume, made as a directory when nothing is there; never one that leads out of the volume. */
  prepareSubPath(volumePath: string, subPath: string): Promise<string>;
  /** The folder of a pod's logs, made. */
  makeLogDirectory(path: string): Promise<void>;
  /** Removes a log with its rotated predecessors, or a folder of logs. */
  removeLogs(path: string): Promise<void>;
  /**
   * Moves a log of more than `limit` bytes aside and removes all but the newest `keep` of those moved. Resolves to true
   * when it was moved: the runtime has to open a new one then.
   */
  rotateLog(path: string, limit: number, keep: number): Promise<boolean>;
  /** The share of the disk that is in use, 0 to 1. */
  diskUsage(): Promise<number>;
  /** Removes all that lies there of a pod; other pods' mounts and host paths are never followed. */
  removePod(uid: string): Promise<void>;
  /** Pods of which something lies there. */
  pods(): Promise<string[]>;
}
