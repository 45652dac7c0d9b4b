import type {
  ContainerSpec,
  MountSpec,
  NamespaceMode,
  ResourceSpec,
  SandboxSpec,
  SecuritySpec,
} from '../../runtime.ts';

/** Labels by which a runtime's things are known to be a pod's; upstream's kubelet and crictl use the same. */
export const podLabels = {
  name: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const;

const namespaceModes: Record<NamespaceMode, number> = { pod: 0, container: 1, node: 2 };
/** NamespaceMode TARGET. */
const pidOfTarget = 3;
const protocols = { TCP: 0, UDP: 1, SCTP: 2 } as const;
const propagations: Record<MountSpec['propagation'], number> = { private: 0, hostToContainer: 1, bidirectional: 2 };
const seccompTypes = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 } as const;

/** What runc hides from a container that is not privileged. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** runtime.v1.PodSandboxConfig. */
export function sandboxConfig(spec: SandboxSpec): object {
  const { pod, security } = spec;
  return {
    metadata: { name: pod.name, uid: pod.uid, namespace: pod.namespace, attempt: spec.attempt },
    // In the node's namespaces the name is the node's, and runc refuses to set another.
    hostname: spec.hostNetwork ? '' : spec.hostname,
    log_directory: spec.logDirectory,
    ...(spec.dns && { dns_config: spec.dns }),
    port_mappings: spec.portMappings.map(({ protocol, containerPort, hostPort, hostIP }) => ({
      protocol: protocols[protocol],
      container_port: containerPort,
      host_port: hostPort,
      host_ip: hostIP,
    })),
    labels: { ...spec.labels, ...identityLabels(spec) },
    annotations: spec.annotations,
    linux: {
      cgroup_parent: spec.cgroupParent,
      sysctls: spec.sysctls,
      security_context: {
        namespace_options: namespaces(spec, spec.pid),
        privileged: spec.privileged,
        readonly_rootfs: security.readOnlyRootFilesystem,
        supplemental_groups: security.supplementalGroups,
        seccomp: seccomp(security),
        ...user(security),
      },
    },
  };
}

function identityLabels({ pod }: SandboxSpec): Record<string, string> {
  return { [podLabels.name]: pod.name, [podLabels.namespace]: pod.namespace, [podLabels.uid]: pod.uid };
}

/** runtime.v1.ContainerConfig. */
export function containerConfig(spec: ContainerSpec, sandbox: SandboxSpec): object {
  return {
    metadata: { name: spec.name, attempt: spec.attempt },
    image: { image: spec.imageRef, user_specified_image: spec.image },
    command: spec.command,
    args: spec.args,
    working_dir: spec.workingDirectory,
    // The value is bytes since 1.36 and was a string before: the same on the wire.
    envs: spec.env.map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: spec.mounts.map(({ containerPath, hostPath, readOnly, propagation }) => ({
      container_path: containerPath,
      host_path: hostPath,
      readonly: readOnly,
      propagation: propagations[propagation],
    })),
    labels: { ...spec.labels, ...identityLabels(sandbox), [podLabels.container]: spec.name },
    annotations: spec.annotations,
    log_path: spec.logPath,
    stdin: spec.stdin,
    stdin_once: spec.stdinOnce,
    tty: spec.tty,
    linux: { resources: containerResources(spec.resources), security_context: containerSecurity(spec, sandbox) },
  };
}

/** runtime.v1.LinuxContainerResources. */
export function containerResources(limits: ResourceSpec): object {
  return {
    cpu_period: limits.cpuPeriod,
    cpu_quota: limits.cpuQuota,
    cpu_shares: limits.cpuShares,
    memory_limit_in_bytes: limits.memoryLimit,
    oom_score_adj: limits.oomScoreAdjust,
  };
}

function containerSecurity(spec: ContainerSpec, sandbox: SandboxSpec): object {
  const { security, privileged } = spec;
  return {
    capabilities: { add_capabilities: security.addCapabilities, drop_capabilities: security.dropCapabilities },
    privileged,
    namespace_options: {
      ...namespaces(sandbox, spec.pid),
      ...(spec.pidOf && { pid: pidOfTarget, target_id: spec.pidOf }),
    },
    readonly_rootfs: security.readOnlyRootFilesystem,
    supplemental_groups: security.supplementalGroups,
    no_new_privs: !security.allowPrivilegeEscalation,
    masked_paths: privileged ? [] : maskedPaths,
    readonly_paths: privileged ? [] : readonlyPaths,
    seccomp: seccomp(security),
    ...(security.selinux && { selinux_options: security.selinux }),
    ...user(security),
  };
}

function namespaces({ hostNetwork, hostIPC }: SandboxSpec, pid: NamespaceMode): object {
  return {
    network: namespaceModes[hostNetwork ? 'node' : 'pod'],
    pid: namespaceModes[pid],
    ipc: namespaceModes[hostIPC ? 'node' : 'pod'],
  };
}

function seccomp({ seccomp: profile }: SecuritySpec): object {
  return { profile_type: seccompTypes[profile.type], localhost_ref: profile.localhostProfile ?? '' };
}

function user({ runAsUser, runAsGroup }: SecuritySpec): object {
  return {
    ...(runAsUser !== undefined && { run_as_user: { value: runAsUser } }),
    ...(runAsGroup !== undefined && { run_as_group: { value: runAsGroup } }),
  };
}
