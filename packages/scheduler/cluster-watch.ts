import type { CacheSource, Client, ResourceRef } from '@keelson/client';
import { kubernetesResources } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { PodDisruptionBudget } from '@keelson/model/generated/types/policy-v1.ts';
import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { compileLabelSelector } from './label-requirements.ts';
import type { NominatedPods } from './nominations.ts';
import { type PodFacts, podFacts, podKey } from './pod-facts.ts';
import type { DisruptionBudget } from './preemption.ts';
import type { ClusterEvent, SchedulingQueue } from './scheduling-queue.ts';
import type { SiblingSelectors } from './sibling-selectors.ts';

/** What watching keeps current. */
export interface ClusterState {
  readonly snapshot: ClusterSnapshot;
  readonly queue: SchedulingQueue;
  readonly nominated: NominatedPods;
  readonly siblings: SiblingSelectors;
  readonly budgets: Map<string, DisruptionBudget>;
  readonly schedulerName: string;
}

/**
 * Tells `state` of the cluster's objects until the returned function is called; resolves when it knows them all.
 * Resources that the server does not serve are taken to have no objects.
 */
export async function watchCluster(client: Client, caches: CacheSource, state: ClusterState): Promise<() => void> {
  const served = new Set((await client.discover()).map(({ group, resource }) => `${group}/${resource}`));
  const endings: (() => void)[] = [];
  const synced: Promise<void>[] = [];
  const follow = <T extends ApiObject>(
    ref: ResourceRef<T>,
    changed: (before: T | undefined, now: T | undefined) => void,
  ): void => {
    if (!served.has(`${ref.group}/${ref.resource}`)) return;
    const cache = caches.of(ref);
    endings.push(cache.onChange(changed));
    synced.push(cache.synced);
  };
  const { siblings } = state;
  const controller = (kind: string) => (before: ApiObject | undefined, now: ApiObject | undefined) =>
    siblings.setController(kind, (now ?? before)!, now !== undefined);
  follow(kubernetesResources.namespaces, (before, now) => namespaceChanged(state, before, now));
  follow(kubernetesResources.services, (before, now) => siblings.setService((now ?? before)!, now !== undefined));
  follow(kubernetesResources.replicaSets, controller('ReplicaSet'));
  follow(kubernetesResources.statefulSets, controller('StatefulSet'));
  follow(kubernetesResources.replicationControllers, (before, now) => {
    const { metadata, spec } = (now ?? before)!;
    const wanted = { metadata, spec: { selector: { matchLabels: spec?.selector ?? {} } } };
    siblings.setController('ReplicationController', wanted, now !== undefined && spec?.selector !== undefined);
  });
  follow(kubernetesResources.podDisruptionBudgets, (before, now) => budgetChanged(state, before, now));
  follow(kubernetesResources.nodes, (before, now) => nodeChanged(state, before, now));
  follow(kubernetesResources.pods, (before, now) => podChanged(state, before, now));
  await Promise.all(synced);
  return () => {
    for (const end of endings) end();
  };
}

function namespaceChanged({ snapshot, queue }: ClusterState, before?: ApiObject, now?: ApiObject): void {
  snapshot.setNamespace((now ?? before)!.metadata!.name!, now && (now.metadata?.labels ?? {}));
  if (now !== undefined && !same(before?.metadata?.labels, now.metadata?.labels)) queue.happened('namespaceLabels');
}

function budgetChanged({ budgets }: ClusterState, before?: PodDisruptionBudget, now?: PodDisruptionBudget): void {
  const { namespace = '', name } = (now ?? before)!.metadata!;
  if (now === undefined) budgets.delete(`${namespace}/${name}`);
  else
    budgets.set(`${namespace}/${name}`, {
      namespace,
      matches: compileLabelSelector(now.spec?.selector),
      disruptionsAllowed: now.status?.disruptionsAllowed ?? 0,
      disruptedPods: new Set(Object.keys(now.status?.disruptedPods ?? {})),
    });
}

function nodeChanged({ snapshot, queue }: ClusterState, before?: Node, now?: Node): void {
  if (now === undefined) {
    snapshot.removeNode(before!.metadata!.name!);
    return;
  }
  snapshot.setNode(now);
  for (const event of nodeEvents(before, now)) queue.happened(event);
}

function nodeEvents(before: Node | undefined, now: Node): ClusterEvent[] {
  if (before === undefined) return ['nodeAdded'];
  const events: ClusterEvent[] = [];
  if (!same(before.status?.allocatable, now.status?.allocatable)) events.push('nodeResources');
  if (!same(before.metadata?.labels, now.metadata?.labels)) events.push('nodeLabels');
  const taints = ({ spec }: Node) => [spec?.taints ?? [], spec?.unschedulable ?? false];
  if (!same(taints(before), taints(now))) events.push('nodeTaints');
  return events;
}

function podChanged(state: ClusterState, before?: Pod, now?: Pod): void {
  const { snapshot, queue, nominated } = state;
  const key = podKey((now ?? before)!);
  const over = now === undefined || now.status?.phase === 'Succeeded' || now.status?.phase === 'Failed';
  if (over || now.spec?.nodeName) {
    queue.remove(key);
    nominated.remove(key);
  }
  if (over) {
    if (snapshot.pod(key) === undefined) return;
    snapshot.removePod(key);
    queue.happened('podGone');
    return;
  }
  if (now.spec?.nodeName) assignedPodChanged(state, key, now);
  else waitingPodChanged(state, key, before, now);
}

function assignedPodChanged({ snapshot, queue }: ClusterState, key: string, now: Pod): void {
  const known = snapshot.pod(key);
  // Most changes of a running pod are of its status, and those change nothing here.
  if (known !== undefined && unchanged(known, now)) return;
  const facts = podFacts(now);
  const lessThanBefore = known !== undefined && known.uid === facts.uid;
  snapshot.setPod(facts);
  queue.happened('podAssigned');
  if (lessThanBefore) queue.happened('podGone');
}

function unchanged(known: PodFacts, now: Pod): boolean {
  return (
    known.uid === now.metadata?.uid &&
    known.nodeName === now.spec?.nodeName &&
    known.terminating === (now.metadata?.deletionTimestamp !== undefined) &&
    known.generation === now.metadata?.generation &&
    known.generation !== undefined &&
    same(known.labels, now.metadata?.labels ?? {})
  );
}

function waitingPodChanged({ queue, nominated, schedulerName }: ClusterState, key: string, before?: Pod, now?: Pod) {
  const mine = (now!.spec?.schedulerName ?? 'default-scheduler') === schedulerName;
  const gated = (now!.spec?.schedulingGates ?? []).length > 0;
  if (!mine || gated || now!.metadata?.deletionTimestamp !== undefined) {
    queue.remove(key);
    nominated.remove(key);
    return;
  }
  const facts = podFacts(now!);
  const relevant =
    before !== undefined && !(same(before.spec, now!.spec) && same(before.metadata?.labels ?? {}, facts.labels));
  nominated.set(facts, now!.status?.nominatedNodeName ?? '');
  queue.set(now!, facts, relevant);
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
