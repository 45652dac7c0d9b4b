import { rfc3339 } from '@keelson/base';
import type { Node, NodeCondition, NodeStatus } from '@keelson/model/generated/types/core-v1.ts';
import type { RuntimeImage, RuntimeStatus } from '../runtime.ts';
import type { NodeDescription } from './node-description.ts';

const mostImages = 50;
const mostImageNames = 5;

/** What changes of a node while it runs. */
export interface NodeFindings {
  readonly runtimeVersion: string;
  readonly runtime: RuntimeStatus;
  readonly images: readonly RuntimeImage[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The node's status as it is, for times of transition. */
  readonly previous: NodeStatus | undefined;
}

/** The node object as it is registered. */
export function registeredNode(description: NodeDescription, findings: NodeFindings): Node {
  const { name, labels, annotations, taints, providerID } = description;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...labels },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
    },
    spec: { ...(providerID && { providerID }), ...(taints && taints.length > 0 && { taints: [...taints] }) },
    status: nodeStatus(description, findings),
  };
}

/** The status that a node posts. */
export function nodeStatus(description: NodeDescription, findings: NodeFindings): NodeStatus {
  const { capacity, allocatable, addresses, info, port } = description;
  return {
    capacity: { ...capacity },
    allocatable: { ...allocatable },
    conditions: conditions(findings),
    addresses: addresses.map(({ type, address }) => ({ type, address })),
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      ...info,
      containerRuntimeVersion: findings.runtimeVersion,
      // Deprecated since 1.31 and no longer told: there is no kube-proxy in the kubelet.
      kubeProxyVersion: '',
    },
    images: findings.images.slice(0, mostImages).map(({ names, digests, size }) => ({
      names: [...digests, ...names].slice(0, mostImageNames),
      sizeBytes: size,
    })),
  };
}

type Wanted = readonly [type: string, status: 'True' | 'False', reason: string, message: string];

function conditions({ runtime, previous, now }: NodeFindings): NodeCondition[] {
  const wanted: Wanted[] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ready(runtime),
  ];
  return wanted.map(([type, status, reason, message]) => {
    const before = previous?.conditions?.find((condition) => condition.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return {
      type,
      status,
      lastHeartbeatTime: rfc3339(now),
      lastTransitionTime: since ?? rfc3339(now),
      reason,
      message,
    };
  });
}

function ready({ runtime, network }: RuntimeStatus): Wanted {
  const problems: string[] = [];
  if (!runtime.ok) problems.push(`container runtime is down: ${runtime.message}`);
  if (!network.ok)
    problems.push(
      `container runtime network not ready: NetworkReady=false reason:${network.reason} message:${network.message}`,
    );
  if (problems.length === 0) return ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'];
  return ['Ready', 'False', 'KubeletNotReady', problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`];
}
