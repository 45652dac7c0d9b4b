/** The spec of a pod or of a template. */
import { duplicate, type FieldError, index, invalid, required } from '../../../../field-error.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  qualifiedNameProblems,
  rangeText,
} from '../../../../metadata/names.ts';
import { labelsErrors } from '../../../../metadata/validate-metadata.ts';
import type { Fields } from '../fields.ts';
import { containersErrors } from './containers.ts';
import { podNetworkErrors } from './pod-network.ts';
import { podResourcesErrors, resourcesErrors } from './resources.ts';
import { oneOf, problems, problemsIfSet } from './scalars.ts';
import { affinityErrors, schedulingGatesErrors, tolerationsErrors, topologySpreadErrors } from './scheduling.ts';
import { hostUsersErrors, operatingSystemErrors, podSecurityErrors } from './security.ts';
import { volumesErrors } from './volumes.ts';

const LONGEST_DEADLINE = 2 ** 31 - 1;
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

function claimsErrors(at: string, claims: readonly Fields[]): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap((claim, position) => {
    const field = index(at, position);
    const name: string = claim['name'] ?? '';
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${field}.name`));
    else if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    else errors.push(...problems(`${field}.name`, name, dnsLabelProblems));
    names.add(name);
    const given = ['resourceClaimName', 'resourceClaimTemplateName'].filter((one) => claim[one] !== undefined);
    if (given.length > 1) {
      const text = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(field, claim, text));
    }
    if (given.length === 0) {
      const text = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
      errors.push(invalid(field, claim, text));
    }
    return [...errors, ...given.flatMap((one) => problems(`${field}.${one}`, claim[one], dnsSubdomainProblems))];
  });
}

function namesErrors(path: string, spec: Fields): FieldError[] {
  const names = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'];
  return names.flatMap((name) => problemsIfSet(`${path}.${name}`, spec[name], dnsSubdomainProblems));
}

function deadlineErrors(at: string, seconds: number | undefined): FieldError[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= LONGEST_DEADLINE)) return [];
  return [invalid(at, seconds, rangeText(1, LONGEST_DEADLINE))];
}

/**
 * Everything wrong with the spec at `path`. `podName` is '' for a template; `isPod` tells a pod, whose fields were
 * filled in further, from a template.
 */
export function podSpecErrors(path: string, spec: Fields, podName: string, isPod: boolean): FieldError[] {
  const claims: Fields[] = spec['resourceClaims'] ?? [];
  const volumes = volumesErrors(`${path}.volumes`, spec['volumes'] ?? [], podName);
  const context = {
    path,
    spec,
    volumes: volumes.known,
    claims: new Set<string>(claims.map((claim) => claim['name'] ?? '').filter((name) => name !== '')),
  };
  const gates: Fields[] = spec['readinessGates'] ?? [];
  return [
    ...(spec['terminationGracePeriodSeconds'] === undefined ? [required(`${path}.terminationGracePeriodSeconds`)] : []),
    ...volumes.errors,
    ...claimsErrors(`${path}.resourceClaims`, claims),
    ...containersErrors(context),
    ...podResourcesErrors(`${path}.resources`, spec),
    ...oneOf(`${path}.restartPolicy`, spec['restartPolicy'], ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${path}.dnsPolicy`, spec['dnsPolicy'], DNS_POLICIES),
    ...labelsErrors(`${path}.nodeSelector`, spec['nodeSelector']),
    ...podSecurityErrors(path, spec),
    ...affinityErrors(`${path}.affinity`, spec['affinity']),
    ...podNetworkErrors(path, spec, isPod),
    ...gates.flatMap((gate, i) =>
      problems(
        `${index(`${path}.readinessGates`, i)}.conditionType`,
        gate['conditionType'] ?? '',
        qualifiedNameProblems,
      ),
    ),
    ...schedulingGatesErrors(`${path}.schedulingGates`, spec['schedulingGates'] ?? []),
    ...topologySpreadErrors(`${path}.topologySpreadConstraints`, spec['topologySpreadConstraints'] ?? []),
    ...hostUsersErrors(path, spec),
    ...namesErrors(path, spec),
    ...deadlineErrors(`${path}.activeDeadlineSeconds`, spec['activeDeadlineSeconds']),
    ...tolerationsErrors(`${path}.tolerations`, spec['tolerations'] ?? []),
    ...(spec['preemptionPolicy'] === undefined
      ? []
      : oneOf(`${path}.preemptionPolicy`, spec['preemptionPolicy'], ['PreemptLowerPriority', 'Never'])),
    ...(spec['overhead'] === undefined
      ? []
      : resourcesErrors(`${path}.overhead`, { limits: spec['overhead'] }, new Set())),
    ...operatingSystemErrors(path, spec),
  ];
}
