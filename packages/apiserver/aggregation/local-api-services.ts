import { type ApiObject, sameValue } from '@keelson/model';

/** Whose APIService the server keeps: `onstart` for its own groups, `true` for those of custom resources. */
export const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged';

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** groupPriorityMinimum of Kubernetes' own groups, and the priorities of their versions where they are not the usual. */
const priorities: Readonly<Record<string, readonly [group: number, versions?: Readonly<Record<string, number>>]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800],
  'events.k8s.io': [17_750],
  'authentication.k8s.io': [17_700],
  'authorization.k8s.io': [17_600],
  autoscaling: [17_500, { v1: 15, v2: 30 }],
  batch: [17_400],
  'certificates.k8s.io': [17_300],
  'networking.k8s.io': [17_200],
  policy: [17_100],
  'rbac.authorization.k8s.io': [17_000],
  'storage.k8s.io': [16_800],
  'apiextensions.k8s.io': [16_700],
  'admissionregistration.k8s.io': [16_700],
  'scheduling.k8s.io': [16_600],
  'coordination.k8s.io': [16_500],
  'node.k8s.io': [16_300],
  'discovery.k8s.io': [16_200],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21, v1beta3: 18 }],
  'internal.apiserver.k8s.io': [16_000],
  'resource.k8s.io': [15_900],
  'storagemigration.k8s.io': [15_800],
};

function versionPriority(version: string): number {
  if (version.includes('alpha')) return 1;
  return version.includes('beta') ? 9 : 15;
}

function localService(name: GroupVersion, managed: 'onstart' | 'true', spec: Record<string, number>): ApiObject {
  const { group, version } = name;
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: managed } },
    spec: { ...(group === '' ? {} : { group }), version, ...spec },
  };
}

/** The APIServices of what a server serves by itself. */
export function builtInServices(served: readonly GroupVersion[]): ApiObject[] {
  return served.flatMap((one) => {
    const known = Object.hasOwn(priorities, one.group) ? priorities[one.group] : undefined;
    // apiregistration itself is served beside the others and registered nowhere, as upstream.
    if (one.group === 'apiregistration.k8s.io') return [];
    const [group, versions] = known ?? [1000];
    const priority = versions?.[one.version] ?? versionPriority(one.version);
    return [localService(one, 'onstart', { groupPriorityMinimum: group, versionPriority: priority })];
  });
}

/** The APIServices of custom resources that are established. */
export function customServices(definitions: readonly Readonly<ApiObject>[]): ApiObject[] {
  const found = new Map<string, ApiObject>();
  for (const definition of definitions) {
    const conditions: readonly { type?: string; status?: string }[] = definition['status']?.conditions ?? [];
    if (!conditions.some(({ type, status }) => type === 'Established' && status === 'True')) continue;
    const { group = '', versions = [] } = definition['spec'] ?? {};
    for (const { name: version, served } of versions) {
      if (!served) continue;
      const service = localService({ group, version }, 'true', { groupPriorityMinimum: 1000, versionPriority: 100 });
      found.set(service.metadata!.name!, service);
    }
  }
  return [...found.values()];
}

/** One write that brings the stored APIServices to what the server serves. */
export interface RegistrationStep {
  readonly action: 'create' | 'update' | 'delete';
  readonly object: Readonly<ApiObject>;
}

/**
 * What has to be written: those that are wanted and missing, those that the server keeps and somebody changed, and those
 * of custom resources that are gone. What somebody else registered under the same name is left alone.
 */
export function registrationSteps(
  stored: readonly Readonly<ApiObject>[],
  wanted: readonly ApiObject[],
): RegistrationStep[] {
  const byName = new Map(stored.map((object) => [object.metadata!.name!, object]));
  const names = new Set(wanted.map(({ metadata }) => metadata!.name!));
  const steps = wanted.flatMap((object): RegistrationStep[] => {
    const present = byName.get(object.metadata!.name!);
    if (present === undefined) return [{ action: 'create', object }];
    if (present.metadata?.labels?.[automanagedLabel] !== 'true') return [];
    if (sameValue(present['spec'], object['spec'])) return [];
    return [{ action: 'update', object: { ...present, spec: object['spec'] } }];
  });
  const gone = stored.filter(
    ({ metadata }) => metadata?.labels?.[automanagedLabel] === 'true' && !names.has(metadata.name!),
  );
  return [...steps, ...gone.map((object) => ({ action: 'delete' as const, object }))];
}
