import { quantityToNumber } from '@keelson/model';
import type { Container, Node, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { qosClass } from '../pods/quality-of-service.ts';
import type { ResourceSpec } from '../runtime.ts';

/** The scheduler's period of the kernel, in microseconds. */
const period = 100_000;
const leastQuota = 1_000;
const leastShares = 2;
const mostShares = 262_144;

/** All of a node's memory, in bytes. */
export function nodeMemory({ status }: Node): number {
  const memory = status?.capacity?.['memory'];
  return memory === undefined ? 0 : quantityToNumber(memory);
}

/** A container's requests and limits in the kernel's units, as upstream's kubelet converts them. */
export function resourceLimits(pod: Pod, container: Container, nodeMemory: number): ResourceSpec {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpuRequest = milli(requests['cpu'] ?? limits['cpu']);
  const cpuLimit = milli(limits['cpu']);
  const memoryLimit = limits['memory'] === undefined ? 0 : quantityToNumber(limits['memory']);
  return {
    cpuPeriod: cpuLimit > 0 ? period : 0,
    cpuQuota: cpuLimit > 0 ? Math.max((cpuLimit * period) / 1000, leastQuota) : 0,
    cpuShares: Math.min(Math.max(Math.floor((cpuRequest * 1024) / 1000), leastShares), mostShares),
    memoryLimit,
    oomScoreAdjust: oomScoreAdjust(pod, requests['memory'], nodeMemory),
  };
}

/** Guaranteed pods go last, best-effort ones first, and between them the more a container asked for the later. */
function oomScoreAdjust(pod: Pod, memoryRequest: string | undefined, nodeMemory: number): number {
  if ((pod.spec?.priority ?? 0) >= 2_000_001_000) return -997;
  const quality = qosClass(pod);
  if (quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const asked = memoryRequest === undefined ? 0 : quantityToNumber(memoryRequest);
  const score = 1000 - Math.floor((1000 * asked) / Math.max(nodeMemory, 1));
  return Math.min(Math.max(score, 3), 999);
}

function milli(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Math.ceil(quantityToNumber(quantity) * 1000 - 1e-6);
}
