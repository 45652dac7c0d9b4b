import type { PodFailurePolicy } from '@keelson/model/generated/types/batch-v1.ts';
import type { ContainerStatus, Pod } from '@keelson/model/generated/types/core-v1.ts';

type Rule = PodFailurePolicy['rules'][number];

/** What a Job's policy makes of a pod that failed. */
export interface FailureVerdict {
  /** Whether it counts towards the limits. */
  readonly counts: boolean;
  readonly action?: string;
  /** Why the whole Job fails, if it does. */
  readonly failure?: string;
}

function matchingContainer(pod: Pod, { containerName, operator, values }: NonNullable<Rule['onExitCodes']>) {
  const matches = ({ name, state }: ContainerStatus): boolean => {
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0 || (containerName !== undefined && containerName !== name)) return false;
    return operator === 'In' ? values.includes(code) : operator === 'NotIn' && !values.includes(code);
  };
  return [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(matches);
}

/** Why the rule applies to the pod; undefined when it does not. */
function matchRule(rule: Rule, pod: Pod, position: number): string | undefined {
  const { namespace, name } = pod.metadata!;
  const by = `matching ${rule.action} rule at index ${position}`;
  if (rule.onExitCodes !== undefined) {
    const container = matchingContainer(pod, rule.onExitCodes);
    if (container === undefined) return undefined;
    const code = container.state!.terminated!.exitCode;
    return `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code} ${by}`;
  }
  const conditions = pod.status?.conditions ?? [];
  const pattern = rule.onPodConditions?.find((wanted) =>
    conditions.some(({ type, status }) => type === wanted.type && status === (wanted.status ?? 'True')),
  );
  return pattern && `Pod ${namespace}/${name} has condition ${pattern.type} ${by}`;
}

/** The first rule that applies decides; a pod that none applies to counts. */
export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [position, rule] of (policy?.rules ?? []).entries()) {
    const failure = matchRule(rule, pod, position);
    if (failure === undefined) continue;
    if (rule.action === 'Ignore') return { counts: false, action: rule.action };
    return { counts: true, action: rule.action, ...(rule.action === 'FailJob' && { failure }) };
  }
  return { counts: true };
}
