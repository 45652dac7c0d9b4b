import { quantityOrUndefined } from '@keelson/model';
import type { Container, Pod, Volume } from '@keelson/model/generated/types/core-v1.ts';
import { expand } from '../containers/expansion.ts';
import type { MountSpec } from '../runtime.ts';
import type { HostPathType, PodFiles, VolumePayload } from './pod-files.ts';
import { type PayloadSources, volumePayload } from './volume-payload.ts';

/** A volume that could not be set up: the message of the FailedMount Event. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

/** The volumes of one pod: where each lies on the node, and what it was last made to hold. */
export class PodVolumes {
  readonly #files: PodFiles;
  readonly #paths = new Map<string, string>();
  readonly #written = new Map<string, string>();

  constructor(files: PodFiles) {
    this.#files = files;
  }

  /** Sets up what is not there yet, and writes again what changed. @throws VolumeError for the first that cannot be. */
  async mount(pod: Pod, sources: PayloadSources): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        await this.#mountOne(pod, volume, sources);
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${message}`);
      }
    }
  }

  /** True when some volume's contents can change while the pod runs. */
  refreshes(pod: Pod): boolean {
    return (
      this.#files.readable &&
      (pod.spec?.volumes ?? []).some(
        (volume) => volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected,
      )
    );
  }

  /** A container's mounts of volumes; `env` is for subPathExpr. @throws VolumeError when a sub-path is refused. */
  async mountsOf(container: Container, env: ReadonlyMap<string, string>): Promise<MountSpec[]> {
    const mounts: MountSpec[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const path = this.#paths.get(mount.name);
      if (path === undefined)
        throw new VolumeError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
      const subPath = mount.subPathExpr ? expand(mount.subPathExpr, (name) => env.get(name)) : (mount.subPath ?? '');
      mounts.push({
        containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
        hostPath: subPath === '' ? path : await this.#files.prepareSubPath(path, subPath),
        readOnly: mount.readOnly ?? false,
        propagation: propagationOf(mount.mountPropagation),
      });
    }
    return mounts;
  }

  async #mountOne(pod: Pod, volume: Volume, sources: PayloadSources): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    const group = pod.spec?.securityContext?.fsGroup;
    const made = await volumePayload(pod, volume, sources);
    if (made !== undefined) {
      const digest = digestOf(made.payload);
      if (this.#written.get(volume.name) === digest) return;
      this.#paths.set(volume.name, await this.#files.writeVolume(uid, made.plugin, volume.name, made.payload, group));
      this.#written.set(volume.name, digest);
      return;
    }
    if (this.#paths.has(volume.name)) return;
    if (volume.emptyDir) {
      const { medium = '', sizeLimit } = volume.emptyDir;
      const limit = quantityOrUndefined(sizeLimit)?.toNumber();
      this.#paths.set(volume.name, await this.#files.makeEmptyDirectory(uid, volume.name, medium, limit, group));
    } else if (volume.hostPath) {
      const { path, type } = volume.hostPath;
      await this.#files.prepareHostPath(path, (type ?? '') as HostPathType);
      this.#paths.set(volume.name, path);
    } else throw new Error(`no volume plugin matched for ${Object.keys(volume).find((key) => key !== 'name')}`);
  }
}

function propagationOf(mode: string | undefined): MountSpec['propagation'] {
  if (mode === 'HostToContainer') return 'hostToContainer';
  return mode === 'Bidirectional' ? 'bidirectional' : 'private';
}

function digestOf(payload: VolumePayload): string {
  const parts = [...payload].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(parts.map(([path, { bytes, mode }]) => [path, mode, Buffer.from(bytes).toString('latin1')]));
}
