import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { RuntimeImage, SecuritySpec } from '../runtime.ts';

/** Who a container's processes are: what the container says, else what the pod says. */
export function containerSecurity(pod: Pod, container: Container): SecuritySpec {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const seccomp = own.seccompProfile ?? ofPod.seccompProfile;
  const selinux = own.seLinuxOptions ?? ofPod.seLinuxOptions;
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const { fsGroup, supplementalGroups = [] } = ofPod;
  return {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    supplementalGroups: [...new Set([...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups])],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    allowPrivilegeEscalation: own.allowPrivilegeEscalation ?? true,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    seccomp: {
      type: own.privileged ? 'Unconfined' : ((seccomp?.type ?? 'Unconfined') as SecuritySpec['seccomp']['type']),
      ...(seccomp?.localhostProfile && { localhostProfile: seccomp.localhostProfile }),
    },
    ...(selinux && {
      selinux: {
        user: selinux.user ?? '',
        role: selinux.role ?? '',
        type: selinux.type ?? '',
        level: selinux.level ?? '',
      },
    }),
  };
}

/** Why a container that must not run as root would; undefined when it does not. */
export function rootRefusal(pod: Pod, container: Container, image: RuntimeImage | undefined): string | undefined {
  const ofPod = pod.spec?.securityContext;
  const own = container.securityContext;
  if ((own?.runAsNonRoot ?? ofPod?.runAsNonRoot) !== true) return undefined;
  const { name, namespace, uid } = pod.metadata ?? {};
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  const user = own?.runAsUser ?? ofPod?.runAsUser;
  if (user === 0) return `container's runAsUser breaks non-root policy ${where}`;
  if (user !== undefined || image === undefined) return undefined;
  if (image.uid === 0 || (image.uid === undefined && image.user === ''))
    return `container has runAsNonRoot and image will run as root ${where}`;
  if (image.uid === undefined)
    return `container has runAsNonRoot and image has non-numeric user (${image.user}), cannot verify user is non-root ${where}`;
  return undefined;
}
