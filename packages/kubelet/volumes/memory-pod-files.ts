import type { PodFiles, VolumePayload } from './pod-files.ts';

/** The files of simulated pods: no process reads them, so that there is a pod is all that is kept. */
export class MemoryPodFiles implements PodFiles {
  readonly readable = false;
  readonly #root: string;
  readonly #pods = new Set<string>();

  constructor(root = '/var/lib/kubelet') {
    this.#root = root;
  }

  async nodeHostsFile(): Promise<string> {
    return '127.0.0.1\tlocalhost\n';
  }

  async makeEmptyDirectory(uid: string, volume: string): Promise<string> {
    return this.#path(uid, `volumes/kubernetes.io~empty-dir/${volume}`);
  }

  async writeVolume(uid: string, plugin: string, volume: string, _payload: VolumePayload): Promise<string> {
    return this.#path(uid, `volumes/kubernetes.io~${plugin}/${volume}`);
  }

  async writeFile(uid: string, path: string): Promise<string> {
    return this.#path(uid, path);
  }

  pathOf(uid: string, path: string): string {
    return `${this.#root}/pods/${uid}/${path}`;
  }

  async readTail(): Promise<undefined> {
    return undefined;
  }

  async prepareHostPath(): Promise<void> {}

  async prepareSubPath(volumePath: string, subPath: string): Promise<string> {
    return `${volumePath}/${subPath}`;
  }

  async makeLogDirectory(): Promise<void> {}

  async removeLogs(): Promise<void> {}

  async rotateLog(): Promise<boolean> {
    return false;
  }

  async diskUsage(): Promise<number> {
    return 0;
  }

  async removePod(uid: string): Promise<void> {
    this.#pods.delete(uid);
  }

  async pods(): Promise<string[]> {
    return [...this.#pods];
  }

  #path(uid: string, path: string): string {
    this.#pods.add(uid);
    return this.pathOf(uid, path);
  }
}
