import type {
  Affinity,
  Pod,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '@keelson/model/generated/types/core-v1.ts';
import {
  compileLabelSelector,
  compileNodeSelector,
  compileNodeSelectorTerm,
  type Labels,
  type LabelTest,
  type NodeTest,
} from './label-requirements.ts';
import { type Amounts, podRequest, podRequestForSpreading } from './resource-request.ts';

/** A term of pod affinity, ready to be tested against pods. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  readonly matches: LabelTest;
  readonly namespaces: ReadonlySet<string>;
  /** Also matches in the namespaces whose labels pass; an empty selector passes all of them. */
  readonly namespaceTest: LabelTest | undefined;
}

/** A constraint of topology spreading, ready to be counted. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly matches: LabelTest;
  readonly honorAffinity: boolean;
  readonly honorTaints: boolean;
}

export interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

/** What placement knows of a pod: computed once from the object, never changed. */
export interface PodFacts {
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly nodeName: string;
  readonly priority: number;
  readonly mayPreempt: boolean;
  readonly terminating: boolean;
  /** metadata.generation: raised whenever the spec changes. */
  readonly generation: number | undefined;
  /** Milliseconds since 1970 when the pod started, or was made. */
  readonly started: number;
  readonly request: Amounts;
  readonly spreadingCpu: number;
  readonly spreadingMemory: number;
  readonly hostPorts: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly nodeTests: readonly NodeTest[];
  readonly preferredNodes: readonly { readonly weight: number; readonly test: NodeTest }[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
  readonly hardSpread: readonly SpreadConstraint[];
  readonly softSpread: readonly SpreadConstraint[];
  /** True when the pod names no constraints, so that the cluster's default spreading applies. */
  readonly defaultSpread: boolean;
  /** `ReplicaSet/name` of the controller that owns it; ''. */
  readonly owner: string;
  readonly images: readonly string[];
}

/** `namespace/name`. */
export function podKey(pod: Pod): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}

export function podFacts(pod: Pod): PodFacts {
  const spec = pod.spec;
  const namespace = pod.metadata?.namespace ?? '';
  const labels = pod.metadata?.labels ?? {};
  const spreading = podRequestForSpreading(pod);
  const constraints = spec?.topologySpreadConstraints ?? [];
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return {
    key: podKey(pod),
    uid: pod.metadata?.uid ?? '',
    namespace,
    name: pod.metadata?.name ?? '',
    labels,
    nodeName: spec?.nodeName ?? '',
    priority: spec?.priority ?? 0,
    mayPreempt: spec?.preemptionPolicy !== 'Never',
    terminating: pod.metadata?.deletionTimestamp !== undefined,
    generation: pod.metadata?.generation,
    started: Date.parse(pod.status?.startTime ?? pod.metadata?.creationTimestamp ?? '1970-01-01T00:00:00Z'),
    request: podRequest(pod),
    spreadingCpu: spreading.get('cpu') ?? 0,
    spreadingMemory: spreading.get('memory') ?? 0,
    hostPorts: hostPortsOf(pod),
    tolerations: spec?.tolerations ?? [],
    ...nodeAffinityOf(spec?.nodeSelector, spec?.affinity),
    ...podAffinityOf(spec?.affinity, namespace, labels),
    hardSpread: constraints.filter(isHard).map((constraint) => spreadConstraint(constraint, labels)),
    softSpread: constraints.filter((one) => !isHard(one)).map((constraint) => spreadConstraint(constraint, labels)),
    defaultSpread: constraints.length === 0,
    owner: ownerOf(pod),
    images: containers.map((container) => container.image ?? ''),
  };
}

function ownerOf(pod: Pod): string {
  const owner = pod.metadata?.ownerReferences?.find((reference) => reference.controller);
  return owner ? `${owner.kind}/${owner.name}` : '';
}

function isHard(constraint: TopologySpreadConstraint): boolean {
  return constraint.whenUnsatisfiable === 'DoNotSchedule';
}

function hostPortsOf(pod: Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...(pod.spec?.containers ?? []), ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({
      address: port.hostIP || '0.0.0.0',
      protocol: port.protocol ?? 'TCP',
      port: port.hostPort!,
    }));
}

function nodeAffinityOf(
  nodeSelector: Readonly<Record<string, string>> | undefined,
  affinity: Affinity | undefined,
): Pick<PodFacts, 'nodeTests' | 'preferredNodes'> {
  const nodeTests: NodeTest[] = [];
  const wanted = Object.entries(nodeSelector ?? {});
  if (wanted.length > 0) nodeTests.push(({ labels }) => wanted.every(([name, value]) => labels[name] === value));
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined) nodeTests.push(compileNodeSelector(required));
  const preferred = affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    nodeTests,
    preferredNodes: preferred
      .filter(({ weight }) => weight !== 0)
      .map(({ weight, preference }) => ({ weight, test: compileNodeSelectorTerm(preference) })),
  };
}

function podAffinityOf(
  affinity: Affinity | undefined,
  namespace: string,
  labels: Labels,
): Pick<PodFacts, 'affinity' | 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity'> {
  const term = (one: PodAffinityTerm, weight: number) => affinityTerm(one, weight, namespace, labels);
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  return {
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => term(one, 1)),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => term(one, 1)),
    preferredAffinity: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) =>
      term(one.podAffinityTerm, one.weight),
    ),
    preferredAntiAffinity: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) =>
      term(one.podAffinityTerm, one.weight),
    ),
  };
}

function affinityTerm(term: PodAffinityTerm, weight: number, namespace: string, labels: Labels): AffinityTerm {
  const own = (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined;
  const test = compileLabelSelector(term.labelSelector);
  const same = (term.matchLabelKeys ?? []).filter((name) => labels[name] !== undefined);
  const differing = (term.mismatchLabelKeys ?? []).filter((name) => labels[name] !== undefined);
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: (other) =>
      test(other) &&
      same.every((name) => other[name] === labels[name]) &&
      differing.every((name) => other[name] !== labels[name]),
    namespaces: new Set(own ? [namespace] : (term.namespaces ?? [])),
    namespaceTest: term.namespaceSelector === undefined ? undefined : compileLabelSelector(term.namespaceSelector),
  };
}

function spreadConstraint(constraint: TopologySpreadConstraint, labels: Labels): SpreadConstraint {
  const test = compileLabelSelector(constraint.labelSelector);
  const same = (constraint.matchLabelKeys ?? []).filter((name) => labels[name] !== undefined);
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    matches: (other) => test(other) && same.every((name) => other[name] === labels[name]),
    honorAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}
