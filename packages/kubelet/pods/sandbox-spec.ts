import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { podHostname } from '../network/host-names.ts';
import { planResolver } from '../network/resolver-plan.ts';
import type { NamespaceMode, PodIdentity, PortMapping, SandboxSpec, SecuritySpec } from '../runtime.ts';
import { allContainers, qosClass } from './quality-of-service.ts';

export function identityOf(pod: Pod): PodIdentity {
  const { uid = '', name = '', namespace = '' } = pod.metadata ?? {};
  return { uid, name, namespace };
}

/** `name_namespace(uid)`, as upstream names a pod in messages. */
export function podLabel(pod: Pod): string {
  const { uid, name, namespace } = identityOf(pod);
  return `${name}_${namespace}(${uid})`;
}

/** The sandbox that a pod needs. */
export function sandboxSpec(pod: Pod, attempt: number, context: KubeletContext): SandboxSpec {
  const { spec } = pod;
  const identity = identityOf(pod);
  const hostNetwork = spec?.hostNetwork ?? false;
  const { hostname } = podHostname(pod, context.resolver.clusterDomain);
  return {
    pod: identity,
    attempt,
    hostname: hostNetwork ? context.nodeName : hostname,
    logDirectory: logDirectory(identity, context),
    dns: planResolver(pod, context.resolver),
    portMappings: hostNetwork ? [] : portMappings(pod),
    labels: pod.metadata?.labels ?? {},
    annotations: pod.metadata?.annotations ?? {},
    hostNetwork,
    pid: pidMode(pod),
    hostIPC: spec?.hostIPC ?? false,
    sysctls: Object.fromEntries((spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    privileged: allContainers(pod).some(({ securityContext }) => securityContext?.privileged === true),
    security: sandboxSecurity(pod),
    cgroupParent: podCgroup(pod, context),
    runtimeHandler: '',
  };
}

/** Where the logs of a pod's containers lie. */
export function logDirectory({ namespace, name, uid }: PodIdentity, { logRoot }: KubeletContext): string {
  return `${logRoot}/${namespace}_${name}_${uid}`;
}

/** The cgroup that all of a pod's processes are in. */
export function podCgroup(pod: Pod, { cgroupRoot }: KubeletContext): string {
  return `${cgroupRoot}/${cgroupOfClass(pod)}pod${pod.metadata?.uid}`;
}

export function pidMode(pod: Pod): NamespaceMode {
  if (pod.spec?.hostPID) return 'node';
  return pod.spec?.shareProcessNamespace ? 'pod' : 'container';
}

function cgroupOfClass(pod: Pod): string {
  const quality = qosClass(pod);
  return quality === 'Guaranteed' ? '' : `${quality.toLowerCase()}/`;
}

function portMappings(pod: Pod): PortMapping[] {
  return allContainers(pod)
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => (hostPort ?? 0) > 0)
    .map(({ protocol = 'TCP', containerPort, hostPort, hostIP }) => ({
      protocol: protocol as PortMapping['protocol'],
      containerPort,
      hostPort: hostPort!,
      hostIP: hostIP ?? '',
    }));
}

function sandboxSecurity(pod: Pod): SecuritySpec {
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = pod.spec?.securityContext ?? {};
  return {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsUser !== undefined && runAsGroup !== undefined && { runAsGroup }),
    supplementalGroups: [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups],
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: { type: 'RuntimeDefault' },
  };
}
