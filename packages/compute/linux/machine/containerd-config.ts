import { statfsSync } from 'node:fs';

/** How images are laid over each other: by the kernel, or as whole copies. */
export type Snapshotter = 'overlayfs' | 'native';

export interface ContainerdSettings {
  /** The image of a pod's sandbox: a name that the instance's registry, or its own store, answers. */
  readonly sandboxImage: string;
  /** True where the machine lets nobody lower a process' OOM score (CAP_SYS_RESOURCE is missing). */
  readonly restrictOomScore: boolean;
  /** Where images come from instead of their own registries; each is asked with `?ns=` and the registry's name. */
  readonly registryMirror?: string;
  readonly snapshotter: Snapshotter;
}

export const containerdSocket = '/run/containerd/containerd.sock';
/** Where containerd keeps images and containers, on the instance's disk. */
export const containerdStore = '/var/lib/containerd';

const overlayMagic = 0x794c7630;

/** What works for disks in `folder`: one overlay cannot be another's upper layer, there containers get whole copies. */
export function snapshotterFor(folder: string): Snapshotter {
  return statfsSync(folder).type === overlayMagic ? 'native' : 'overlayfs';
}

/** The configuration of an instance's containerd, by the path in the instance. */
export function containerdFiles(settings: ContainerdSettings): Record<string, string> {
  const mirror = settings.registryMirror;
  return {
    '/etc/containerd/config.toml': configuration(settings),
    ...(mirror === undefined ? {} : { '/etc/containerd/certs.d/_default/hosts.toml': mirrorFile(mirror) }),
  };
}

/** Version 2 of the format, which containerd 1.3 to 2.x read. */
function configuration({ sandboxImage, restrictOomScore, snapshotter }: ContainerdSettings): string {
  return `version = 2
root = "${containerdStore}"
state = "/run/containerd"
# Snapshotters that no instance has the devices for.
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "${containerdSocket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(sandboxImage)}
  restrict_oom_score_adj = ${restrictOomScore}
  # A profile would be loaded into the machine's kernel and stay there.
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  max_concurrent_downloads = 10

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "${snapshotter}"
  discard_unpacked_layers = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
`;
}

/** The mirror stands in for every registry: named as the server, it is never passed by for the real one. */
function mirrorFile(mirror: string): string {
  return `server = ${JSON.stringify(mirror)}\n\n[host]\n`;
}

const sysResource = 24n;

/** Whether a process with this /proc/self/status may lower an OOM score. */
export function mayLowerOomScore(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> sysResource) & 1n) === 1n;
}
