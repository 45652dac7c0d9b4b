import { type BackoffPolicy, backoffDelay, messageOf, sleep, type World } from '@keelson/base';
import { ApiError, type Client, kubernetesResources, type ResourceClient } from '@keelson/client';
import type { Pod, PodCondition, PodStatus } from '@keelson/model/generated/types/core-v1.ts';

interface Entry {
  pod: Pod;
  wanted: PodStatus;
  /** What the API server is known to have of it. */
  written: PodStatus | undefined;
  writing: Promise<void> | undefined;
}

const backoff: BackoffPolicy = { initial: 500, longest: 30_000 };
const atOnce = 16;

/** Top-level fields of the status that a kubelet owns: one that it leaves out is removed. */
const owned = [
  'observedGeneration',
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'qosClass',
] as const;

/** Brings the statuses of a node's pods to the API server: only what changed, one write at a time for a pod, the newest last. */
export class StatusWriter {
  readonly #pods: ResourceClient<Pod>;
  readonly #world: World;
  readonly #signal: AbortSignal;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(client: Client, world: World, signal: AbortSignal) {
    this.#pods = client.resource(kubernetesResources.pods);
    this.#world = world;
    this.#signal = signal;
  }

  /** The status that was set last; before that the one that came with the pod. */
  lastOf(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.wanted;
  }

  /** Wants `pod` to have `status`. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata?.uid ?? '';
    let entry = this.#entries.get(uid);
    if (entry === undefined) {
      entry = { pod, wanted: status, written: pod.status, writing: undefined };
      this.#entries.set(uid, entry);
    }
    entry.pod = pod;
    entry.wanted = status;
    if (entry.writing === undefined && isNews(entry))
      entry.writing = this.#write(entry).finally(() => {
        entry.writing = undefined;
      });
  }

  /** Resolves when the API server has what was set last, or the pod is gone. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.writing;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  async #write(entry: Entry): Promise<void> {
    for (let failures = 0; isNews(entry) && !this.#signal.aborted; ) {
      const { wanted, pod } = entry;
      const { name, namespace, uid } = pod.metadata!;
      await this.#turn();
      try {
        const patch = { metadata: { uid }, status: statusPatch(entry.written, wanted) };
        await this.#pods.patch(name!, namespace, patch, { type: 'strategic', subresource: 'status' });
        entry.written = wanted;
        failures = 0;
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.code < 500 && thrown.code !== 429) {
          // Gone, or another pod has the name now: there is nobody to tell. Other refusals would be repeated as well.
          if (thrown.code !== 404 && thrown.code !== 409)
            this.#world.log.warn('a pod status was refused', { namespace, name, error: thrown.message });
          entry.written = wanted;
          continue;
        }
        this.#world.log.debug('a pod status waits to be written', { namespace, name, error: messageOf(thrown) });
        await sleep(this.#world.clock, backoffDelay(backoff, ++failures), this.#signal);
      } finally {
        this.#underWay--;
        this.#waiting.shift()?.();
      }
    }
  }

  async #turn(): Promise<void> {
    while (this.#underWay >= atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay++;
  }
}

function isNews({ wanted, written }: Entry): boolean {
  return wanted !== written && statusPatchIsNeeded(written, wanted);
}

function statusPatchIsNeeded(before: PodStatus | undefined, now: PodStatus): boolean {
  if (before === undefined) return true;
  if (owned.some((field) => !same(before[field], now[field]))) return true;
  if (goneConditions(before, now).length > 0) return true;
  return (now.conditions ?? []).some((condition) => {
    const had = before.conditions?.find(({ type }) => type === condition.type);
    return !sameCondition(had, condition);
  });
}

/** Conditions of the kubelet's that are there only while they hold. */
const passing = ['PodResizePending', 'PodResizeInProgress'];

function goneConditions(before: PodStatus | undefined, now: PodStatus): string[] {
  const has = (status: PodStatus | undefined, type: string) => status?.conditions?.some((one) => one.type === type);
  return passing.filter((type) => has(before, type) && !has(now, type));
}

/** The strategic merge patch that makes the status `now`; conditions that others own stay as they are. */
export function statusPatch(before: PodStatus | undefined, now: PodStatus): object {
  const patch: Record<string, unknown> = {};
  for (const field of owned) {
    if (same(before?.[field], now[field])) continue;
    if (now[field] === undefined) patch[field] = null;
    // Addresses would be merged by value, and a former address would stay.
    else if (field === 'podIPs' || field === 'hostIPs') patch[field] = [...now[field]!, { $patch: 'replace' }];
    else patch[field] = now[field];
  }
  const conditions = (now.conditions ?? []).flatMap((condition) => {
    const had = before?.conditions?.find(({ type }) => type === condition.type);
    if (sameCondition(had, condition)) return [];
    const cleared = {
      ...(had?.reason && !condition.reason && { reason: null }),
      ...(had?.message && !condition.message && { message: null }),
    };
    return [{ ...condition, ...cleared }];
  });
  const gone = goneConditions(before, now).map((type) => ({ type, $patch: 'delete' }));
  if (conditions.length + gone.length > 0) patch['conditions'] = [...conditions, ...gone];
  return patch;
}

function sameCondition(had: PodCondition | undefined, now: PodCondition): boolean {
  return had?.lastProbeTime ? same({ ...had, lastProbeTime: null }, now) : same(had, now);
}

/** Deep equality in which null, nothing and an empty map are the same: what came back is compared with what was sent. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (isNothing(one) || isNothing(other)) return isNothing(one) && isNothing(other);
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, at) => same(item, other[at]));
  }
  const before = one as Record<string, unknown>;
  const now = other as Record<string, unknown>;
  for (const key in before) if (!same(before[key], now[key])) return false;
  for (const key in now) if (!(key in before) && !isNothing(now[key])) return false;
  return true;
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  for (const key in value) if (!isNothing((value as Record<string, unknown>)[key])) return false;
  return true;
}
