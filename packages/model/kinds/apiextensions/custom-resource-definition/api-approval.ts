import { type FieldError, invalid, key, required } from '../../../field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../../generated/types/apiextensions-v1.ts';

const annotation = 'api-approved.kubernetes.io';
const path = key('metadata.annotations', annotation);
const proposal = 'https://github.com/kubernetes/enhancements/pull/1111';

interface Approval {
  readonly state: 'approved' | 'bypassed' | 'invalid' | 'missing';
  readonly reason: string;
}

/** Groups that belong to the Kubernetes community: their kinds need its approval. */
function isProtected(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
}

function approvalOf(definition: Readonly<CustomResourceDefinition>): Approval {
  const value = definition.metadata?.annotations?.[annotation] ?? '';
  const wanted = `protected groups must have approval annotation ${JSON.stringify(annotation)}`;
  if (value === '') return { state: 'missing', reason: `${wanted}, see ${proposal}` };
  if (value.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` };
  if (URL.canParse(value) && new URL(value).host !== '') return { state: 'approved', reason: `approved in ${value}` };
  return {
    state: 'invalid',
    reason: `${wanted} with either a URL or a reason starting with "unapproved", see ${proposal}`,
  };
}

/** What is wrong with the approval of a definition; what was so before stays allowed. */
export function approvalErrors(
  definition: Readonly<CustomResourceDefinition>,
  previous?: Readonly<CustomResourceDefinition>,
): FieldError[] {
  if (!isProtected(definition.spec.group)) return [];
  const { state, reason } = approvalOf(definition);
  if (previous !== undefined && approvalOf(previous).state === state) return [];
  if (state === 'missing') return [required(path, reason)];
  return state === 'invalid' ? [invalid(path, definition.metadata?.annotations?.[annotation], reason)] : [];
}

const outcomes = {
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
  invalid: ['False', 'InvalidAnnotation'],
  missing: ['False', 'MissingAnnotation'],
} as const;

/** The condition that says whether a definition in a protected group is approved; undefined for other groups. */
export function approvalCondition(
  definition: Readonly<CustomResourceDefinition>,
): CustomResourceDefinitionCondition | undefined {
  if (!isProtected(definition.spec.group)) return undefined;
  const { state, reason: message } = approvalOf(definition);
  const [status, reason] = outcomes[state];
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message };
}
