/** What the server decides of a pod when it is made or changed. */
import type { ApiObject } from '../../../object.ts';
import type { Fields } from './fields.ts';
import { defaultPod } from './pod-defaults.ts';
import { qualityOfService } from './quality-of-service.ts';

/** matchLabelKeys say "the same value as mine has": they become plain requirements when the pod is made. */
function mergeLabelKeys(term: Fields, labels: Readonly<Record<string, string>>): void {
  const selector = term['labelSelector'];
  if (selector === undefined) return;
  const requirement = (operator: string) => (key: string) => ({ key, operator, values: [labels[key]!] });
  const known = (keys: string[] | undefined) => (keys ?? []).filter((key) => Object.hasOwn(labels, key));
  const added = [
    ...known(term['matchLabelKeys']).map(requirement('In')),
    ...known(term['mismatchLabelKeys']).map(requirement('NotIn')),
  ];
  if (added.length > 0) selector.matchExpressions = [...(selector.matchExpressions ?? []), ...added];
}

function affinityTerms(spec: Fields): Fields[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const affinity = spec['affinity']?.[kind];
    const required: Fields[] = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred: Fields[] = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [...required, ...preferred.map((weighted) => weighted['podAffinityTerm'] ?? {})];
  });
}

export function prepareForCreate(object: ApiObject): void {
  // Containers that admission added count for the quality of service too.
  defaultPod(object);
  const spec: Fields = object['spec'] ?? {};
  const status: Fields = { phase: 'Pending', qosClass: qualityOfService(spec) };
  if ((spec['schedulingGates'] ?? []).length > 0) {
    status['conditions'] = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: null,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ];
  }
  object['status'] = status;
  const labels = object.metadata?.labels ?? {};
  for (const term of affinityTerms(spec)) mergeLabelKeys(term, labels);
  for (const constraint of (spec['topologySpreadConstraints'] ?? []) as Fields[]) mergeLabelKeys(constraint, labels);
}

export function prepareForUpdate(object: ApiObject, previous: Readonly<ApiObject>): void {
  object['status'] = previous['status'];
}

/** Of metadata a status update may change labels and annotations, but neither owners nor the deletion. */
export function prepareForStatusUpdate(object: ApiObject, previous: Readonly<ApiObject>): void {
  object['spec'] = previous['spec'];
  const metadata = { ...object.metadata };
  for (const name of ['ownerReferences', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    const value = previous.metadata?.[name];
    if (value === undefined) delete metadata[name];
    else Object.assign(metadata, { [name]: value });
  }
  object.metadata = metadata;
}

/** Seconds that the deletion waits for the node to stop the pod; 0 when no node has it or it has ended. */
export function gracePeriod(object: Readonly<ApiObject>, requested: number | undefined): number {
  const spec: Fields = object['spec'] ?? {};
  const phase = object['status']?.phase;
  if ((spec['nodeName'] ?? '') === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
  const period = requested ?? spec['terminationGracePeriodSeconds'] ?? 0;
  return period < 0 ? 1 : period;
}
