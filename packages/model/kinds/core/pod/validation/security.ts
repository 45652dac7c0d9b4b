/** Security contexts of pods and containers. */
import {
  duplicate,
  type FieldError,
  forbidden,
  index,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../../field-error.ts';
import type { Fields } from '../fields.ts';
import { everyContainer } from '../fields.ts';
import { descendingPath, idNumber, oneOf } from './scalars.ts';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const SYSCTL = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL_LIMIT = 253;
const LONGEST_PROFILE = 4095;

function seccompErrors(at: string, profile: Fields | undefined): FieldError[] {
  if (profile === undefined) return [];
  const type: string = profile['type'] ?? '';
  const local: string | undefined = profile['localhostProfile'];
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${at}.type`, 'type is required when seccompProfile is set'));
  else if (!PROFILE_TYPES.includes(type)) errors.push(notSupported(`${at}.type`, type, PROFILE_TYPES));
  if (type === 'Localhost') {
    if (local === undefined) {
      errors.push(required(`${at}.localhostProfile`, 'must be set when seccomp type is Localhost'));
    } else errors.push(...descendingPath(`${at}.localhostProfile`, local));
  } else if (local !== undefined) {
    errors.push(invalid(`${at}.localhostProfile`, profile, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

function appArmorErrors(at: string, profile: Fields | undefined): FieldError[] {
  if (profile === undefined) return [];
  const type: string = profile['type'] ?? '';
  const local: string | undefined = profile['localhostProfile'];
  const field = `${at}.localhostProfile`;
  if (type === '') return [required(`${at}.type`, 'type is required when appArmorProfile is set')];
  if (!PROFILE_TYPES.includes(type)) return [notSupported(`${at}.type`, type, PROFILE_TYPES)];
  if (type !== 'Localhost') {
    return local === undefined ? [] : [invalid(field, local, 'can only be set when AppArmor type is Localhost')];
  }
  if (local === undefined || local === '') return [required(field, 'must be set when AppArmor type is Localhost')];
  const errors: FieldError[] = [];
  if (local.trim() !== local) errors.push(invalid(field, local, 'must not be padded with whitespace'));
  if (Buffer.byteLength(local) > LONGEST_PROFILE) errors.push(tooLong(field, LONGEST_PROFILE));
  return errors;
}

/** Which of the host's namespaces a sysctl belongs to. */
function sysctlNamespace(name: string): 'net' | 'ipc' | undefined {
  const dotted = name.includes('/') ? name.replaceAll('/', '.') : name;
  if (dotted.startsWith('net.')) return 'net';
  return /^(kernel\.(msg|sem|shm)|fs\.mqueue\.)/.test(dotted) ? 'ipc' : undefined;
}

function sysctlsErrors(at: string, sysctls: readonly Fields[], spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  sysctls.forEach((sysctl, position) => {
    const field = `${index(at, position)}.name`;
    const name: string = sysctl['name'] ?? '';
    if (name === '') errors.push(required(field));
    else if (name.length > SYSCTL_LIMIT || !new RegExp(SYSCTL).test(name)) {
      errors.push(invalid(field, name, `must have at most ${SYSCTL_LIMIT} characters and match regex ${SYSCTL}`));
    } else if (seen.has(name)) errors.push(duplicate(field, name));
    const namespace = sysctlNamespace(name);
    if (namespace === 'net' && spec['hostNetwork'] === true) {
      errors.push(invalid(field, name, "may not be specified when 'hostNetwork' is true"));
    } else if (namespace === 'ipc' && spec['hostIPC'] === true) {
      errors.push(invalid(field, name, "may not be specified when 'hostIPC' is true"));
    }
    seen.add(name);
  });
  return errors;
}

function optional(at: string, value: string | undefined, values: readonly string[]): FieldError[] {
  return value === undefined || values.includes(value) ? [] : [notSupported(at, value, values)];
}

/** The context of the whole pod, at `${path}.securityContext`. */
export function podSecurityErrors(path: string, spec: Fields): FieldError[] {
  const context: Fields = spec['securityContext'] ?? {};
  const at = `${path}.securityContext`;
  const errors = [
    ...idNumber(`${at}.fsGroup`, context['fsGroup']),
    ...idNumber(`${at}.runAsUser`, context['runAsUser']),
    ...idNumber(`${at}.runAsGroup`, context['runAsGroup']),
    ...((context['supplementalGroups'] ?? []) as number[]).flatMap((group, position) =>
      idNumber(index(`${at}.supplementalGroups`, position), group),
    ),
  ];
  if (spec['shareProcessNamespace'] === true && spec['hostPID'] === true) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(`${at}.shareProcessNamespace`, true, text));
  }
  return [
    ...errors,
    ...sysctlsErrors(`${at}.sysctls`, context['sysctls'] ?? [], spec),
    ...optional(`${at}.fsGroupChangePolicy`, context['fsGroupChangePolicy'], ['Always', 'OnRootMismatch']),
    ...seccompErrors(`${at}.seccompProfile`, context['seccompProfile']),
    ...appArmorErrors(`${at}.appArmorProfile`, context['appArmorProfile']),
    ...optional(`${at}.supplementalGroupsPolicy`, context['supplementalGroupsPolicy'], ['Merge', 'Strict']),
    ...optional(`${at}.seLinuxChangePolicy`, context['seLinuxChangePolicy'], ['MountOption', 'Recursive']),
  ];
}

/** The context of one container. */
export function containerSecurityErrors(at: string, context: Fields | undefined, hostUsers: boolean): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...idNumber(`${at}.runAsUser`, context['runAsUser']),
    ...idNumber(`${at}.runAsGroup`, context['runAsGroup']),
  ];
  const mount: string | undefined = context['procMount'];
  if (mount !== undefined) {
    errors.push(...oneOf(`${at}.procMount`, mount, ['Default', 'Unmasked']));
    if (hostUsers && mount === 'Unmasked') {
      errors.push(invalid(`${at}.procMount`, mount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  errors.push(...seccompErrors(`${at}.seccompProfile`, context['seccompProfile']));
  if (context['allowPrivilegeEscalation'] === false) {
    const text = 'cannot set `allowPrivilegeEscalation` to false and';
    if (context['privileged'] === true) errors.push(invalid(at, context, `${text} \`privileged\` to true`));
    if ((context['capabilities']?.add ?? []).includes('CAP_SYS_ADMIN')) {
      errors.push(invalid(at, context, `${text} \`capabilities.Add\` CAP_SYS_ADMIN`));
    }
  }
  return [...errors, ...appArmorErrors(`${at}.appArmorProfile`, context['appArmorProfile'])];
}

/** A pod with users of its own shares no other namespace with the host. */
export function hostUsersErrors(path: string, spec: Fields): FieldError[] {
  if (spec['hostUsers'] !== false) return [];
  const shared = { hostNetwork: 'hostNetwork', hostPID: 'HostPID', hostIPC: 'HostIPC' };
  return Object.entries(shared)
    .filter(([name]) => spec[name] === true)
    .map(([, shown]) => forbidden(`${path}.${shown}`, 'when `pod.Spec.HostUsers` is false'));
}

const LINUX_ONLY_IN_POD = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
];
const LINUX_ONLY_IN_SPEC = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'];
const LINUX_ONLY_IN_CONTAINER = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];

/** What cannot be said of a pod of the other operating system. */
export function operatingSystemErrors(path: string, spec: Fields): FieldError[] {
  const system = spec['os'];
  if (system === undefined) return [];
  const name: string = system.name ?? '';
  if (name === '') return [required(`${path}.os.name`, 'cannot be empty')];
  if (name !== 'linux' && name !== 'windows') {
    return [notSupported(`${path}.os`, name, ['linux', 'windows'])];
  }
  const contexts: [string, Fields, readonly string[]][] = [
    [`${path}.securityContext`, spec['securityContext'] ?? {}, LINUX_ONLY_IN_POD],
    ...everyContainer(spec).map(({ list, position, container }): [string, Fields, readonly string[]] => [
      `${path}.${list}[${position}].securityContext`,
      container['securityContext'] ?? {},
      LINUX_ONLY_IN_CONTAINER,
    ]),
  ];
  if (name === 'linux') {
    const text = 'windows options cannot be set for a linux pod';
    return contexts
      .filter(([, context]) => context['windowsOptions'] !== undefined)
      .map(([at]) => forbidden(`${at}.windowsOptions`, text));
  }
  const text = 'cannot be set for a windows pod';
  const inSpec = LINUX_ONLY_IN_SPEC.filter((field) => spec[field] !== undefined && spec[field] !== false);
  return [
    ...inSpec.map((field) => forbidden(`${path}.${field}`, text)),
    ...contexts.flatMap(([at, context, fields]) =>
      fields.filter((field) => context[field] !== undefined).map((field) => forbidden(`${at}.${field}`, text)),
    ),
  ];
}
