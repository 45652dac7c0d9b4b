import { dnsLabelProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import { containerWarnings, fractionalBytes } from './container-warnings.ts';
import { everyContainer, type Fields } from './fields.ts';

/** Labels of nodes that have newer names. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

/** Annotations that nobody reads any more. */
const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const SECCOMP_TEXT = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const APPARMOR_TEXT = 'deprecated since v1.30; use the "appArmorProfile" field instead';
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

/** Volumes that nothing mounts any more. */
const OLD_VOLUMES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

function oldLabel(name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(OLD_NODE_LABELS, name) ? OLD_NODE_LABELS[name] : undefined;
}

function nodeTermWarnings(term: Fields | undefined, at: string): string[] {
  return ((term?.['matchExpressions'] ?? []) as Fields[]).flatMap(({ key }, position) => {
    const text = oldLabel(key);
    return text === undefined ? [] : [`${at}.matchExpressions[${position}].key: ${key} is ${text}`];
  });
}

function nodeLabelWarnings(spec: Fields, path: string): string[] {
  const affinity: Fields = spec['affinity']?.nodeAffinity ?? {};
  const at = `${path}.affinity.nodeAffinity`;
  const terms: Fields[] = affinity[REQUIRED]?.nodeSelectorTerms ?? [];
  const preferred: Fields[] = affinity[PREFERRED] ?? [];
  return [
    ...Object.keys(spec['nodeSelector'] ?? {}).flatMap((name) => {
      const text = oldLabel(name);
      return text === undefined ? [] : [`${path}.nodeSelector[${name}]: ${text}`];
    }),
    ...terms.flatMap((term, i) => nodeTermWarnings(term, `${at}.${REQUIRED}.nodeSelectorTerms[${i}]`)),
    ...preferred.flatMap(({ preference }, i) => nodeTermWarnings(preference, `${at}.${PREFERRED}[${i}].preference`)),
  ];
}

function spreadWarnings(spec: Fields, path: string): string[] {
  return ((spec['topologySpreadConstraints'] ?? []) as Fields[]).flatMap(({ topologyKey, labelSelector }, i) => {
    const at = `${path}.topologySpreadConstraints[${i}]`;
    const text = oldLabel(topologyKey);
    return [
      ...(text === undefined ? [] : [`${at}.topologyKey: ${topologyKey} is ${text}`]),
      ...(labelSelector === undefined ? [`${at}.labelSelector: ${NULL_SELECTOR}`] : []),
    ];
  });
}

function podAffinityWarnings(spec: Fields, path: string): string[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const affinity: Fields = spec['affinity']?.[kind] ?? {};
    const at = `${path}.affinity.${kind}`;
    const told = (term: Fields | undefined, field: string) =>
      term?.['labelSelector'] === undefined ? [`${field}.labelSelector: ${NULL_SELECTOR}`] : [];
    return [
      ...((affinity[REQUIRED] ?? []) as Fields[]).flatMap((term, i) => told(term, `${at}.${REQUIRED}[${i}]`)),
      ...((affinity[PREFERRED] ?? []) as Fields[]).flatMap(({ podAffinityTerm }, i) =>
        told(podAffinityTerm, `${at}.${PREFERRED}[${i}].podAffinityTerm`),
      ),
    ];
  });
}

function annotationWarnings(spec: Fields, path: string, metadata: Fields | undefined): string[] {
  const annotations: Fields = metadata?.['annotations'] ?? {};
  const at = `${path.slice(0, -'spec'.length)}metadata.annotations`;
  const found = (name: string, text: string) => (Object.hasOwn(annotations, name) ? [`${at}[${name}]: ${text}`] : []);
  const { seccompProfile, appArmorProfile } = spec['securityContext'] ?? {};
  const isTemplate = path !== 'spec';
  return [
    ...Object.entries(OLD_ANNOTATIONS).flatMap(([name, text]) => found(name, text)),
    ...(seccompProfile === undefined ? found('seccomp.security.alpha.kubernetes.io/pod', SECCOMP_TEXT) : []),
    ...everyContainer(spec).flatMap(({ container }) => {
      const { name, securityContext: context } = container;
      const plain = appArmorProfile === undefined && context?.appArmorProfile === undefined;
      return [
        ...(context?.seccompProfile === undefined
          ? found(`container.seccomp.security.alpha.kubernetes.io/${name}`, SECCOMP_TEXT)
          : []),
        ...(isTemplate && plain ? found(`container.apparmor.security.beta.kubernetes.io/${name}`, APPARMOR_TEXT) : []),
      ];
    }),
  ];
}

function repeated(list: readonly Fields[], name: string, at: string): string[] {
  const seen = new Set<string>();
  return list.flatMap((item, position) => {
    const value: string = item[name] ?? '';
    const again = seen.has(value);
    seen.add(value);
    return again ? [`${at}[${position}].${name}: duplicate ${name} ${JSON.stringify(value)}`] : [];
  });
}

/** Warnings for the spec at `path` (`spec`, `spec.template.spec`) of a pod or template with this metadata. */
export function podSpecWarnings(spec: Fields, path: string, metadata?: Fields): string[] {
  const secrets: Fields[] = spec['imagePullSecrets'] ?? [];
  const grace = `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`;
  return [
    ...nodeLabelWarnings(spec, path),
    ...spreadWarnings(spec, path),
    ...annotationWarnings(spec, path, metadata),
    ...((spec['volumes'] ?? []) as Fields[]).flatMap((volume, position) =>
      Object.entries(OLD_VOLUMES)
        .filter(([kind]) => volume[kind] !== undefined)
        .map(([kind, text]) => `${path}.volumes[${position}].${kind}: ${text}`),
    ),
    ...repeated(spec['hostAliases'] ?? [], 'ip', `${path}.hostAliases`),
    ...repeated(secrets, 'name', `${path}.imagePullSecrets`),
    ...secrets.flatMap(({ name = '' }, i) =>
      name === '' ? [`${path}.imagePullSecrets[${i}].name: invalid empty name ""`] : [],
    ),
    ...fractionalBytes(`${path}.overhead`, spec['overhead']),
    ...containerWarnings(spec, path),
    ...(spec['terminationGracePeriodSeconds'] < 0 ? [grace] : []),
    ...podAffinityWarnings(spec, path),
  ];
}

export function podWarnings(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[] {
  const problems = previous === undefined ? dnsLabelProblems(object.metadata?.name ?? '') : [];
  const use = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior";
  return [
    ...(problems.length === 0 ? [] : [`${use}; a DNS label is recommended: [${problems.join(' ')}]`]),
    ...podSpecWarnings(object['spec'] ?? {}, 'spec', object.metadata),
  ];
}
