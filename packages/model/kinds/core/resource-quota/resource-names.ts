/** The names of what quotas and limit ranges count (k8s.io/kubernetes/pkg/apis/core/helper). */
import { type FieldError, invalid } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import { STANDARD } from '../pod/validation/resources.ts';

const COMPUTE = new Set(['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']);
/** What each scope can be counted with. */
const BY_SCOPE: Readonly<Record<string, (name: string) => boolean>> = {
  Terminating: ofPods,
  NotTerminating: ofPods,
  NotBestEffort: ofPods,
  PriorityClass: ofPods,
  CrossNamespacePodAffinity: ofPods,
  BestEffort: (name) => name === 'pods',
  VolumeAttributesClass: (name) => name === 'persistentvolumeclaims' || name === 'requests.storage',
};

function ofPods(name: string): boolean {
  return name === 'pods' || COMPUTE.has(name);
}

function isHugePagesOfQuota(name: string): boolean {
  return name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
}

/** True for a name without a domain that a quota can have. */
export function isQuotaName(name: string): boolean {
  return (STANDARD.has(name) && name !== 'storage') || isHugePagesOfQuota(name);
}

export function isScope(scope: string): boolean {
  return Object.hasOwn(BY_SCOPE, scope);
}

/** Whether a quota of this scope can limit the resource; names that only upstream's registries know are let pass. */
export function scopeAllows(scope: string, name: string): boolean {
  return !isQuotaName(name) || !isScope(scope) || BY_SCOPE[scope]!(name);
}

/** Anything that Kubernetes counts, or a name in a domain. */
export function countedNameErrors(at: string, name: string): FieldError[] {
  const errors = qualifiedNameProblems(name).map((problem) => invalid(at, name, problem));
  if (errors.length > 0 || name.includes('/') || STANDARD.has(name) || isHugePagesOfQuota(name)) return errors;
  return [invalid(at, name, 'must be a standard resource type or fully qualified')];
}

export function quotaNameErrors(at: string, name: string): FieldError[] {
  const errors = countedNameErrors(at, name);
  if (!name.includes('/') && !isQuotaName(name))
    errors.push(invalid(at, name, 'must be a standard resource for quota'));
  return errors;
}
