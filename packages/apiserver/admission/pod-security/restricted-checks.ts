import { badSeccomp, isBadSeccomp, procMount } from './baseline-checks.ts';
import {
  badContainers,
  containersOf,
  containersText,
  type Fields,
  hasUserNamespace,
  isWindows,
  type PodCheck,
  plural,
  quotedList,
  settersText,
  sorted,
  type Violation,
} from './pod-check.ts';

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What the restricted level asks for beyond the baseline, sorted by id as its messages are. */
export const restrictedChecks: readonly PodCheck[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 8,
    check: (_, spec, minor) => (minor >= 25 && isWindows(spec) ? undefined : privilegeEscalation(spec)),
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    since: 22,
    overrides: ['capabilities_baseline'],
    check: (_, spec, minor) => (minor >= 25 && isWindows(spec) ? undefined : keptCapabilities(spec)),
  },
  {
    id: 'procMount_restricted',
    level: 'restricted',
    since: 35,
    overrides: ['procMount'],
    check: (_, spec) => procMount(spec),
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    since: 0,
    overrides: ['hostPathVolumes'],
    check: (_, spec) => restrictedVolumes(spec),
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    since: 0,
    check: (_, spec, minor) => (minor >= 35 && hasUserNamespace(spec) ? undefined : mayRunAsRoot(spec)),
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    since: 23,
    check: (_, spec, minor) => (minor >= 35 && hasUserNamespace(spec) ? undefined : runsAsRoot(spec)),
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    since: 19,
    overrides: ['seccompProfile_baseline'],
    check: (_, spec, minor) => (minor >= 25 && isWindows(spec) ? undefined : seccomp(spec)),
  },
];

function privilegeEscalation(spec: Fields): Violation | undefined {
  const containers = badContainers(spec, (security) => security['allowPrivilegeEscalation'] !== false);
  if (containers.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(containers)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function keptCapabilities(spec: Fields): Violation | undefined {
  const added = (security: Fields): string[] =>
    (security['capabilities']?.add ?? []).filter((name: string) => name !== 'NET_BIND_SERVICE');
  const keeping = badContainers(spec, (security) => !(security['capabilities']?.drop ?? []).includes('ALL'));
  const adding = badContainers(spec, (security) => added(security).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) details.push(`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const names = sorted(containersOf(spec).flatMap((container) => added(container['securityContext'] ?? {})));
    details.push(`${containersText(adding)} must not include ${quotedList(names)} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

function restrictedVolumes(spec: Fields): Violation | undefined {
  const volumes: Fields[] = spec['volumes'] ?? [];
  const bad = volumes.filter((volume) => !volumeTypes.some((type) => volume[type] !== undefined));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => Object.keys(volume).find((name) => name !== 'name') ?? 'unknown'));
  const names = quotedList(bad.map((volume) => volume['name']));
  const use = plural('uses', 'use', bad.length);
  const what = plural('restricted volume type', 'restricted volume types', types.length);
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', 'volumes', bad.length)} ${names} ${use} ${what} ${quotedList(types)}`,
  };
}

function mayRunAsRoot(spec: Fields): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const ofPod = spec['securityContext']?.runAsNonRoot;
  const setters = settersText(
    ofPod === false,
    badContainers(spec, (security) => security['runAsNonRoot'] === false),
  );
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (ofPod === true) return undefined;
  const silent = badContainers(spec, (security) => security['runAsNonRoot'] === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
}

function runsAsRoot(spec: Fields): Violation | undefined {
  const setters = settersText(
    spec['securityContext']?.runAsUser === 0,
    badContainers(spec, (security) => security['runAsUser'] === 0),
  );
  return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
}

function seccomp(spec: Fields): Violation | undefined {
  const bad = badSeccomp(spec);
  if (bad !== undefined) return bad;
  const ofPod = spec['securityContext'];
  if (ofPod?.seccompProfile !== undefined && !isBadSeccomp(ofPod)) return undefined;
  const silent = badContainers(spec, (security) => security['seccompProfile'] === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}
