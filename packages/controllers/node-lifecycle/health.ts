import { rfc3339 } from '@keelson/base';
import type { Node, NodeCondition } from '@keelson/model/generated/types/core-v1.ts';

/** When a node was last heard of, by our own clock: clocks of nodes are not to be trusted. */
export interface Heartbeat {
  readonly lease: string;
  readonly ready: string;
  /** Milliseconds of the monotonic clock. */
  readonly heardAt: number;
}

/** How long a node may be silent, in milliseconds: once it has reported, and before it ever has. */
export const silence = { running: 50_000, starting: 60_000 };

const judged = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What is known of a node after a look at it; the moment only moves when lease or heartbeat did. */
export function hearNode(
  before: Heartbeat | undefined,
  node: Node,
  leaseRenewal: string | undefined,
  now: number,
): Heartbeat {
  const condition = node.status?.conditions?.find(({ type }) => type === 'Ready');
  // A condition that we wrote ourselves is no sign of life.
  const ready = condition === undefined || condition.status === 'Unknown' ? '' : JSON.stringify(condition);
  const lease = leaseRenewal ?? '';
  if (before === undefined) return { lease, ready, heardAt: now };
  const heard = (lease !== '' && lease !== before.lease) || (ready !== '' && ready !== before.ready);
  return { lease, ready: ready || before.ready, heardAt: heard ? now : before.heardAt };
}

/** True when the node has been silent for too long. */
export function isSilent(node: Node, heartbeat: Heartbeat, now: number): boolean {
  const reported = node.status?.conditions?.some(({ type }) => type === 'Ready') === true;
  return now - heartbeat.heardAt > (reported ? silence.running : silence.starting);
}

/** The conditions of a silent node; the very list when all of them say so already. `now` is milliseconds since 1970. */
export function unknownConditions(node: Node, now: number): readonly NodeCondition[] {
  const before = node.status?.conditions ?? [];
  const time = rfc3339(now);
  const stopped = { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
  const never = { reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' };
  let changed = false;
  const conditions = before.map((condition) => {
    if (!judged.includes(condition.type) || condition.status === 'Unknown') return condition;
    changed = true;
    return { ...condition, status: 'Unknown', ...stopped, lastTransitionTime: time };
  });
  for (const type of judged) {
    if (before.some((condition) => condition.type === type)) continue;
    changed = true;
    const lastHeartbeatTime = node.metadata?.creationTimestamp ?? time;
    conditions.push({ type, status: 'Unknown', ...never, lastHeartbeatTime, lastTransitionTime: time });
  }
  return changed ? conditions : before;
}
