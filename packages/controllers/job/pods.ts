import { kubernetesResources } from '@keelson/client';
import { controllerReference, podFromTemplate } from '@keelson/controller-kit';
import type { Job } from '@keelson/model/generated/types/batch-v1.ts';
import type { Container, EnvVar, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { completionIndexKey, trackingFinalizer } from '@keelson/model/kinds/batch/job/labels.ts';

const { jobs } = kubernetesResources;

export const failureCountKey = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count';
const indexVariable = 'JOB_COMPLETION_INDEX';
/** The longest prefix of a generated name that keeps all of its characters. */
const longestPrefix = 58;

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

/** True when each index has failures of its own. */
export function hasIndexLimit(job: Job): boolean {
  return isIndexed(job) && job.spec?.backoffLimitPerIndex !== undefined;
}

/** True when a pod is replaced only once it has ended, not when it begins to. */
export function replacesOnlyFailed(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
}

export function isTracked(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

export function isTerminating(pod: Pod): boolean {
  const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return pod.metadata?.deletionTimestamp !== undefined && !over;
}

/** A pod that is being deleted counts as failed, too, unless its real end is waited for: it may never be seen. */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (replacesOnlyFailed(job)) return false;
  return pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

/** The pod's completion index, if it is one of the Job's. */
export function indexOf(pod: Pod, job: Job): number | undefined {
  const text = pod.metadata?.annotations?.[completionIndexKey];
  if (text === undefined || !/^[0-9]{1,10}$/.test(text)) return undefined;
  const index = Number(text);
  return index < (job.spec?.completions ?? 0) ? index : undefined;
}

function countIn(pod: Pod, key: string): number {
  const text = pod.metadata?.annotations?.[key] ?? '';
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
}

/** How often the index had failed before this pod, as its limit counts and in all. */
export function indexFailures(pod: Pod): { readonly counted: number; readonly all: number } {
  const counted = countIn(pod, failureCountKey);
  return { counted, all: counted + countIn(pod, ignoredFailureCountKey) };
}

/** When the pod ended, as well as it is known, in milliseconds since 1970. */
export function finishedAt(pod: Pod): number {
  const statuses = pod.status?.containerStatuses ?? [];
  const ends = statuses.map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''));
  if (ends.length > 0 && ends.every(Number.isFinite)) return Math.max(...ends);
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) return Date.parse(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp = '' } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp) || 0;
}

function withIndexVariable(container: Container): Container {
  const env: EnvVar[] = container.env ?? [];
  if (env.some(({ name }) => name === indexVariable)) return container;
  const fieldRef = { fieldPath: `metadata.labels['${completionIndexKey}']` };
  return { ...container, env: [...env, { name: indexVariable, valueFrom: { fieldRef } }] };
}

/** What the pod of an index has more than others. */
export interface IndexedPod {
  readonly index: number;
  /** Failures of the index so far; absent when nobody counts them. */
  readonly failures?: { readonly counted: number; readonly ignored: number };
}

/** A new pod of the Job, which is held until its end has been counted. */
export function podFor(job: Job, indexed: IndexedPod | undefined): Pod {
  const { name, namespace } = job.metadata!;
  const owner = { name: name!, namespace: namespace! };
  const pod = podFromTemplate(owner, job.spec?.template, controllerReference(job, jobs));
  const finalizers = [...new Set([...(pod.metadata!.finalizers ?? []), trackingFinalizer])];
  pod.metadata = { ...pod.metadata, finalizers };
  if (indexed === undefined) return pod;
  const { index, failures } = indexed;
  const suffix = `-${index}-`;
  pod.metadata.generateName =
    name!.length + suffix.length > longestPrefix
      ? `${name!.slice(0, longestPrefix - suffix.length)}${suffix}`
      : `${name}${suffix}`;
  pod.metadata.labels = { ...pod.metadata.labels, [completionIndexKey]: String(index) };
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [completionIndexKey]: String(index),
    ...(failures && { [failureCountKey]: String(failures.counted) }),
    ...(failures && failures.ignored > 0 && { [ignoredFailureCountKey]: String(failures.ignored) }),
  };
  pod.spec!.hostname = `${name}-${index}`;
  pod.spec!.containers = pod.spec!.containers.map(withIndexVariable);
  if (pod.spec!.initContainers) pod.spec!.initContainers = pod.spec!.initContainers.map(withIndexVariable);
  return pod;
}
