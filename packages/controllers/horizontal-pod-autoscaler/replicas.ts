/** How many replicas a metric asks for: pure arithmetic over measurements and pods. */
import { isPodReady, podCondition } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { quantityOrUndefined } from '@keelson/model/quantity/quantity.ts';
import type { Measurement, PodMeasurements } from './measurements.ts';

const cpuInitialization = 300_000;
const initialReadinessDelay = 30_000;

/** How far from what is aimed at nothing is done: shares of the target. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

/** What a metric asks for. */
export interface Proposal {
  readonly replicas: number;
  /** Percent of what was requested, where that was asked for. */
  readonly utilization?: number;
  /** Thousandths of a unit: of one pod, or as a whole. */
  readonly average?: number;
  readonly value?: number;
}

export interface Situation {
  readonly current: number;
  readonly tolerances: Tolerances;
  readonly pods: readonly Pod[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Groups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  /** Measurements of ready pods only. */
  readonly measured: PodMeasurements;
}

function within(ratio: number, { up, down }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

/** True for a pod whose use of a CPU says nothing yet: it is still starting. */
function isStarting(pod: Pod, { time, window }: Measurement, now: number): boolean {
  const ready = podCondition(pod, 'Ready');
  const started = Date.parse(pod.status?.startTime ?? '');
  if (ready === undefined || Number.isNaN(started)) return true;
  const changed = Date.parse(ready.lastTransitionTime ?? '') || 0;
  if (started + cpuInitialization > now) return ready.status === 'False' || time < changed + window;
  return ready.status === 'False' && started + initialReadinessDelay > changed;
}

function group({ pods, now }: Situation, measurements: PodMeasurements, resource: string): Groups {
  const measured: PodMeasurements = new Map(measurements);
  const unready: string[] = [];
  const missing: string[] = [];
  let ready = 0;
  for (const pod of pods) {
    const name = pod.metadata!.name!;
    const measurement = measurements.get(name);
    if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') measured.delete(name);
    else if (pod.status?.phase === 'Pending') unready.push(name);
    else if (measurement === undefined) missing.push(name);
    else if (resource === 'cpu' && isStarting(pod, measurement, now)) unready.push(name);
    else ready++;
  }
  for (const name of unready) measured.delete(name);
  if (measured.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  return { ready, unready, missing, measured };
}

/**
 * The replicas for a ratio of what is to what should be. What is not known of pods is taken so that it dampens: as full
 * use when there would be fewer replicas, as none when there would be more; if that turns the tide, nothing is done.
 */
function replicasFor(
  { current, tolerances }: Situation,
  { ready, unready, missing, measured }: Groups,
  ratioOf: (measured: PodMeasurements) => number,
  full: (pod: string) => number,
): number {
  const ratio = ratioOf(measured);
  const waking = unready.length > 0 && ratio > 1;
  if (!waking && missing.length === 0) return within(ratio, tolerances) ? current : Math.ceil(ratio * ready);
  const guessed: PodMeasurements = new Map(measured);
  const guess = (pod: string, value: number) => guessed.set(pod, { value, time: 0, window: 0 });
  if (ratio !== 1) for (const pod of missing) guess(pod, ratio < 1 ? full(pod) : 0);
  if (waking) for (const pod of unready) guess(pod, 0);
  const dampened = ratioOf(guessed);
  const turned = (ratio < 1 && dampened > 1) || (ratio > 1 && dampened < 1);
  if (within(dampened, tolerances) || turned) return current;
  const replicas = Math.ceil(dampened * guessed.size);
  const backwards = (dampened < 1 && replicas > current) || (dampened > 1 && replicas < current);
  return backwards ? current : replicas;
}

function sum(measured: PodMeasurements): number {
  return [...measured.values()].reduce((total, { value }) => total + value, 0);
}

/** By the average of all pods, in thousandths. */
export function byAverage(
  situation: Situation,
  measurements: PodMeasurements,
  target: number,
  resource: string,
): Proposal {
  requirePods(situation);
  const groups = group(situation, measurements, resource);
  const average = (measured: PodMeasurements) => Math.floor(sum(measured) / measured.size);
  const replicas = replicasFor(
    situation,
    groups,
    (measured) => average(measured) / target,
    () => target,
  );
  return { replicas, average: average(groups.measured) };
}

/** By the share of what pods request, in percent. */
export function byUtilization(
  situation: Situation,
  measurements: PodMeasurements,
  target: number,
  resource: string,
  container: string | undefined,
): Proposal {
  requirePods(situation);
  const groups = group(situation, measurements, resource);
  const requests = new Map(situation.pods.map((pod) => [pod.metadata!.name!, requestOf(pod, resource, container)]));
  const utilization = (measured: PodMeasurements): number => {
    let [used, requested] = [0, 0];
    for (const [pod, { value }] of measured) {
      const request = requests.get(pod);
      if (request === undefined) continue;
      used += value;
      requested += request;
    }
    if (requested === 0) throw new Error('no metrics returned matched known pods');
    return Math.floor((used * 100) / requested);
  };
  const full = (pod: string) => Math.floor(((requests.get(pod) ?? 0) * Math.max(100, target)) / 100);
  const replicas = replicasFor(situation, groups, (measured) => utilization(measured) / target, full);
  const average = Math.floor(sum(groups.measured) / groups.measured.size);
  return { replicas, utilization: utilization(groups.measured), average };
}

function requirePods({ pods }: Situation): void {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
}

/** What the pod, or one container of it, requests, in thousandths. */
function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  let total = 0;
  for (const { name, resources } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    if (container !== undefined && container !== name) continue;
    const request = quantityOrUndefined(resources?.requests?.[resource]);
    if (request === undefined) {
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata?.name}`);
    }
    total += Number(request.milliValue());
  }
  return total;
}

/** By one value for all, in thousandths. */
export function byValue({ current, tolerances, pods }: Situation, value: number, target: number): Proposal {
  const ratio = value / target;
  if (current === 0) return { replicas: Math.ceil(ratio), value };
  if (within(ratio, tolerances)) return { replicas: current, value };
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: Math.ceil(ratio * ready), value };
}

/** By one value that is shared out among the replicas that there are, in thousandths. */
export function byShare(situation: Situation, value: number, target: number, present: number): Proposal {
  const average = Math.ceil(value / Math.max(present, 1));
  const steady = present > 0 && within(value / (target * present), situation.tolerances);
  return { replicas: steady ? present : Math.ceil(value / target), average };
}
