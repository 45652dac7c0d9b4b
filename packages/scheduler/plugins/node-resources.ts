import type { ClusterSnapshot } from '../cluster-snapshot.ts';
import type { PodFacts } from '../pod-facts.ts';
import { fullScore, type NodeFilter, type Plugin, type Refusal } from './verdict.ts';

const tooManyPods = 'Too many pods';

/** The order in which shortages of the resources that every node has are named. */
const commonOrder = ['cpu', 'memory', 'ephemeral-storage'];

/** Whether what a node can give is enough for what is taken of it and the pod together. */
export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  filter: fitFilter,
  score: leastAllocated,
};

function fitFilter(pod: PodFacts, { table }: ClusterSnapshot): NodeFilter {
  const wanted = [...pod.request].filter(([, amount]) => amount > 0).sort(([one], [other]) => rank(one) - rank(other));
  const names = wanted.map(([name]) => name);
  const amounts = Float64Array.from(wanted, ([, amount]) => amount);
  const columns = names.map((name) => table.column(name));
  const fits = (slot: number): boolean => {
    if (table.podCount[slot]! + 1 > table.podLimit[slot]!) return false;
    for (let index = 0; index < columns.length; index++) {
      const { allocatable, used } = columns[index]!;
      if (amounts[index]! > allocatable[slot]! - used[slot]!) return false;
    }
    return true;
  };
  return (slot) => {
    if (fits(slot)) return undefined;
    const reasons: string[] = [];
    let final = false;
    if (table.podCount[slot]! + 1 > table.podLimit[slot]!) reasons.push(tooManyPods);
    columns.forEach(({ allocatable, used }, index) => {
      if (amounts[index]! <= allocatable[slot]! - used[slot]!) return;
      reasons.push(`Insufficient ${names[index]}`);
      if (amounts[index]! > allocatable[slot]!) final = true;
    });
    return { reasons, final } satisfies Refusal;
  };
}

function rank(resource: string): number {
  const at = commonOrder.indexOf(resource);
  return at < 0 ? commonOrder.length : at;
}

/** The more of cpu and memory is left, the better. */
function leastAllocated(pod: PodFacts, { table }: ClusterSnapshot) {
  const cpu = table.column('cpu').allocatable;
  const memory = table.column('memory').allocatable;
  const left = (allocatable: number, taken: number): number =>
    allocatable === 0 || taken > allocatable ? 0 : Math.floor(((allocatable - taken) * fullScore) / allocatable);
  return (slot: number): number => {
    const both = (cpu[slot]! > 0 ? 1 : 0) + (memory[slot]! > 0 ? 1 : 0);
    if (both === 0) return 0;
    const sum =
      left(cpu[slot]!, table.spreadingCpu[slot]! + pod.spreadingCpu) +
      left(memory[slot]!, table.spreadingMemory[slot]! + pod.spreadingMemory);
    return Math.floor(sum / both);
  };
}

/** The nearer the used shares of cpu and memory come to each other, the better. */
export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score(pod, { table }) {
    if ((pod.request.get('cpu') ?? 0) === 0 && (pod.request.get('memory') ?? 0) === 0) return undefined;
    const cpu = table.column('cpu');
    const memory = table.column('memory');
    const ofCpu = pod.request.get('cpu') ?? 0;
    const ofMemory = pod.request.get('memory') ?? 0;
    return (slot) => {
      const cpuShare = share(cpu.used[slot]! + ofCpu, cpu.allocatable[slot]!);
      const memoryShare = share(memory.used[slot]! + ofMemory, memory.allocatable[slot]!);
      return Math.floor((1 - Math.abs(cpuShare - memoryShare) / 2) * fullScore);
    };
  },
};

function share(used: number, allocatable: number): number {
  return allocatable === 0 ? 0 : Math.min(used / allocatable, 1);
}
