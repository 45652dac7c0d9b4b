import {
  badContainers,
  containersOf,
  containersText,
  type Fields,
  hasUserNamespace,
  type PodCheck,
  plural,
  quotedList,
  settersText,
  sorted,
  type Violation,
} from './pod-check.ts';

const capabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
/** Sysctls that are safe, each with the minor since when it is taken to be. */
const sysctls: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
  'net.ipv4.tcp_slow_start_after_idle': 37,
  'net.ipv4.tcp_notsent_lowat': 37,
};
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

/** The controls of the baseline, sorted by id as their messages are. */
export const baselineChecks: readonly PodCheck[] = [
  { id: 'appArmorProfile', level: 'baseline', since: 0, check: ({ annotations }, spec) => appArmor(annotations, spec) },
  { id: 'capabilities_baseline', level: 'baseline', since: 0, check: (_, spec) => addedCapabilities(spec) },
  { id: 'hostNamespaces', level: 'baseline', since: 0, check: (_, spec) => hostNamespaces(spec) },
  { id: 'hostPathVolumes', level: 'baseline', since: 0, check: (_, spec) => hostPathVolumes(spec) },
  { id: 'hostPorts', level: 'baseline', since: 0, check: (_, spec) => hostPorts(spec) },
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', since: 34, check: (_, spec) => probedHosts(spec) },
  { id: 'privileged', level: 'baseline', since: 0, check: (_, spec) => privileged(spec) },
  {
    id: 'procMount',
    level: 'baseline',
    since: 0,
    check: (_, spec, minor) => (minor >= 35 && hasUserNamespace(spec) ? undefined : procMount(spec)),
  },
  { id: 'seLinuxOptions', level: 'baseline', since: 0, check: (_, spec, minor) => seLinux(spec, minor) },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    since: 0,
    check: ({ annotations }, spec, minor) => (minor < 19 ? seccompAnnotations(annotations, spec) : badSeccomp(spec)),
  },
  { id: 'sysctls', level: 'baseline', since: 0, check: (_, spec, minor) => unsafeSysctls(spec, minor) },
  { id: 'windowsHostProcess', level: 'baseline', since: 0, check: (_, spec) => hostProcess(spec) },
];

type Annotations = Readonly<Record<string, string>> | undefined;

function appArmor(annotations: Annotations, spec: Fields): Violation | undefined {
  const bad = (security: Fields | undefined): boolean => {
    const profile = security?.['appArmorProfile'];
    return profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
  };
  const ofPod = bad(spec['securityContext']);
  const containers = badContainers(spec, bad);
  const values = sorted([
    ...(ofPod ? [spec['securityContext'].appArmorProfile.type ?? ''] : []),
    ...containersOf(spec)
      .filter((container) => bad(container['securityContext']))
      .map((container) => container['securityContext'].appArmorProfile.type ?? ''),
  ]);
  const allowed = (value: string) => value === '' || value === 'runtime/default' || value.startsWith('localhost/');
  const noted = Object.entries(annotations ?? {})
    .filter(([name, value]) => name.startsWith(appArmorPrefix) && !allowed(value))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort();
  const setters = [settersText(ofPod, containers), plural('annotation', 'annotations', noted.length)];
  const named = setters.filter((text, position) => (position === 0 ? text !== '' : noted.length > 0));
  if (named.length === 0) return undefined;
  const all = [...values, ...noted];
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', all.length),
    detail: `${named.join(' and ')} must not set AppArmor profile type to ${quotedList(all)}`,
  };
}

function addedCapabilities(spec: Fields): Violation | undefined {
  const added = (security: Fields): string[] =>
    (security['capabilities']?.add ?? []).filter((name: string) => !capabilities.has(name));
  const containers = badContainers(spec, (security) => added(security).length > 0);
  if (containers.length === 0) return undefined;
  const names = sorted(containersOf(spec).flatMap((container) => added(container['securityContext'] ?? {})));
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(containers)} must not include ${quotedList(names)} in securityContext.capabilities.add`,
  };
}

function hostNamespaces(spec: Fields): Violation | undefined {
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => spec[name] === true);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
}

function hostPathVolumes(spec: Fields): Violation | undefined {
  const volumes = ((spec['volumes'] ?? []) as Fields[]).filter((volume) => volume['hostPath'] !== undefined);
  if (volumes.length === 0) return undefined;
  const names = quotedList(volumes.map((volume) => volume['name']));
  return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', volumes.length)} ${names}` };
}

function hostPorts(spec: Fields): Violation | undefined {
  const portsOf = (container: Fields): string[] =>
    ((container['ports'] ?? []) as Fields[]).filter((port) => port['hostPort']).map((port) => String(port['hostPort']));
  const containers = badContainers(spec, (_, container) => portsOf(container).length > 0);
  if (containers.length === 0) return undefined;
  const ports = sorted(containersOf(spec).flatMap(portsOf));
  const use = plural('uses', 'use', containers.length);
  const what = plural('hostPort', 'hostPorts', ports.length);
  return { reason: 'hostPort', detail: `${containersText(containers)} ${use} ${what} ${ports.join(', ')}` };
}

function probedHosts(spec: Fields): Violation | undefined {
  const hostsOf = (container: Fields): string[] => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
    return [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]
      .flatMap((handler: Fields | undefined) => [handler?.['httpGet']?.host, handler?.['tcpSocket']?.host])
      .filter((host) => typeof host === 'string' && host !== '');
  };
  const containers = sorted(badContainers(spec, (_, container) => hostsOf(container).length > 0));
  if (containers.length === 0) return undefined;
  const hosts = sorted(containersOf(spec).flatMap(hostsOf));
  const use = plural('uses', 'use', containers.length);
  const what = plural('probe or lifecycle host', 'probe or lifecycle hosts', hosts.length);
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(containers)} ${use} ${what} ${quotedList(hosts)}`,
  };
}

function privileged(spec: Fields): Violation | undefined {
  const containers = badContainers(spec, (security) => security['privileged'] === true);
  if (containers.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${containersText(containers)} must not set securityContext.privileged=true`,
  };
}

export function procMount(spec: Fields): Violation | undefined {
  const bad = ({ procMount: mount }: Fields) => mount !== undefined && mount !== 'Default';
  const containers = badContainers(spec, bad);
  if (containers.length === 0) return undefined;
  const types = containersOf(spec)
    .map((container) => container['securityContext'] ?? {})
    .filter(bad)
    .map((security) => security['procMount'] as string);
  return {
    reason: 'procMount',
    detail: `${containersText(containers)} must not set securityContext.procMount to ${quotedList(sorted(types))}`,
  };
}

function seLinux(spec: Fields, minor: number): Violation | undefined {
  const allowed = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ];
  const bad = (security: Fields | undefined): boolean => {
    const { type = '', user = '', role = '' } = security?.['seLinuxOptions'] ?? {};
    return !allowed.includes(type) || user !== '' || role !== '';
  };
  const ofPod = bad(spec['securityContext']);
  const containers = badContainers(spec, bad);
  const setters = settersText(ofPod, containers);
  if (setters === '') return undefined;
  const options: Fields[] = [spec, ...containersOf(spec)].map((one) => one['securityContext']?.seLinuxOptions ?? {});
  const types = sorted(options.map(({ type = '' }) => type).filter((type) => !allowed.includes(type)));
  const data = [
    ...(types.length > 0 ? [`${plural('type', 'types', types.length)} ${quotedList(types)}`] : []),
    ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
  ];
  return {
    reason: 'seLinuxOptions',
    detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
  };
}

function seccompAnnotations(annotations: Annotations, spec: Fields): Violation | undefined {
  const keys = [seccompPod, ...containersOf(spec).map((container) => seccompContainer + container['name'])];
  const allowed = (value: string) =>
    value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
  const bad = sorted(
    keys
      .filter((name) => annotations && Object.hasOwn(annotations, name) && !allowed(annotations[name]!))
      .map((name) => `${name}=${JSON.stringify(annotations![name])}`),
  );
  if (bad.length === 0) return undefined;
  const what = plural('annotation', 'annotations', bad.length);
  return { reason: 'seccompProfile', detail: `forbidden ${what} ${bad.join(', ')}` };
}

/** True for a profile that is set, and to something that is not allowed. */
export function isBadSeccomp(security: Fields | undefined): boolean {
  const profile = security?.['seccompProfile'];
  return profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
}

export function badSeccomp(spec: Fields): Violation | undefined {
  const setters = settersText(isBadSeccomp(spec['securityContext']), badContainers(spec, isBadSeccomp));
  if (setters === '') return undefined;
  const values = [spec, ...containersOf(spec)]
    .filter((one) => isBadSeccomp(one['securityContext']))
    .map((one) => (one['securityContext'].seccompProfile.type ?? '') as string);
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quotedList(sorted(values))}`,
  };
}

function unsafeSysctls(spec: Fields, minor: number): Violation | undefined {
  const names: string[] = (spec['securityContext']?.sysctls ?? []).map((sysctl: Fields) => sysctl['name'] as string);
  const unsafe = names.filter((name) => !Object.hasOwn(sysctls, name) || sysctls[name]! > minor);
  return unsafe.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: unsafe.join(', ') };
}

function hostProcess(spec: Fields): Violation | undefined {
  const bad = (security: Fields | undefined) => security?.['windowsOptions']?.hostProcess === true;
  const setters = settersText(bad(spec['securityContext']), badContainers(spec, bad));
  if (setters === '') return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
  };
}
