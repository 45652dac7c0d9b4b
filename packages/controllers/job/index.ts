import { isNotFound, keyOf, kubernetesResources, splitKey } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson, isPodReady, OwnedPods } from '@keelson/controller-kit';
import type { Job, JobCondition, JobStatus } from '@keelson/model/generated/types/batch-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { trackingFinalizer } from '@keelson/model/kinds/batch/job/labels.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { type Backoff, noBackoff } from './backoff.ts';
import { completionOf, deadlineLeft, endOf, isFinished, lastCondition, trueCondition } from './finish.ts';
import { planJob } from './plan.ts';
import { isTracked, podFor } from './pods.ts';
import { changeSuspension, finishStatus, startStatus } from './status.ts';
import { hasUncounted, heldPods, settleUncounted, track } from './track.ts';
import { type JobView, viewOf } from './view.ts';

const { jobs, pods } = kubernetesResources;
const ownManager = 'kubernetes.io/job-controller';
/** Keys of pods that are held and have no Job that will count them. */
const podPrefix = 'pod:';

/** What was done about a Job's pods in one pass. */
interface Managed {
  readonly active: readonly Pod[];
  readonly created: number;
  readonly removed: readonly Pod[];
  readonly error?: unknown;
  readonly wait?: number;
  readonly end: JobCondition | undefined;
  /** Whether the number of pods was looked at. */
  readonly planned: boolean;
}

/** Runs the pods of Jobs until so many have succeeded, and counts each of them once, whatever fails in between. */
export class JobController implements Controller {
  readonly name = 'job-controller';
  #context!: ControllerContext;
  #owned!: OwnedPods<Job>;
  readonly #backoffs = new Map<string, Backoff>();
  /** For each key the uids of pods that were let go, until the cache shows it. */
  readonly #released = new Map<string, Set<string>>();

  start(context: ControllerContext): void {
    this.#context = context;
    this.#owned = new OwnedPods({
      context,
      ref: jobs,
      selectorOf: ({ spec }) => selectorFromObject(spec?.selector),
      finalizer: trackingFinalizer,
      onPod: (pod, key) => this.#podChanged(pod, key),
      onGone: (pod, key) => this.#released.get(key)?.delete(pod.metadata!.uid!),
    });
    this.#owned.owners.onChange((before, now) => {
      const gone = now === undefined || (before !== undefined && before.metadata?.uid !== now.metadata?.uid);
      const over = gone ? before : isFinished(now) ? now : undefined;
      for (const pod of over === undefined ? [] : this.#owned.controlledBy(over))
        if (isTracked(pod)) context.queue.add(podPrefix + keyOf(pod));
    });
  }

  #podChanged(pod: Pod, key: string | undefined): void {
    if (isTracked(pod)) {
      if (this.#isUncountable(pod)) this.#context.queue.add(podPrefix + keyOf(pod));
    } else if (key !== undefined) this.#released.get(key)?.delete(pod.metadata!.uid!);
  }

  /** True when no Job will count the pod: it has none, or one that is over. */
  #isUncountable(pod: Pod): boolean {
    const job = this.#owned.ownerOf(pod);
    return job === undefined || (isFinished(job) && isOurs(job));
  }

  async reconcile(key: string): Promise<number | undefined> {
    if (key.startsWith(podPrefix)) return this.#releaseUncountable(key.slice(podPrefix.length));
    const job = this.#owned.ownerAt(key);
    if (job === undefined || isFinished(job)) {
      this.#backoffs.delete(key);
      this.#released.delete(key);
      return undefined;
    }
    if (!isOurs(job)) return undefined;
    return this.#sync(key, job);
  }

  async #releaseUncountable(key: string): Promise<undefined> {
    const { namespace, name } = splitKey(key);
    const pod = this.#owned.pods.get(namespace, name);
    if (pod !== undefined && isTracked(pod) && this.#isUncountable(pod)) await this.#release(pod);
  }

  async #release({ metadata }: Pod): Promise<void> {
    const patch = { metadata: { uid: metadata!.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
    try {
      await this.#context.client.resource(pods).patch(metadata!.name!, metadata!.namespace, patch);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  }

  async #sync(key: string, present: Job): Promise<number | undefined> {
    const { clock } = this.#context.world;
    const settled = this.#owned.settled(key);
    const owned = await this.#owned.claim(present, () => true);
    const now = clock.now();
    const job = { ...present, status: startStatus(present, now) };
    const released = this.#released.get(key) ?? new Set<string>();
    const view = viewOf({ job, pods: owned, released, backoff: this.#backoffs.get(key) ?? noBackoff, now });
    const managed = await this.#manage(view, settled);
    const status = this.#statusAfter(view, managed);
    await this.#count(key, present, view, status, managed.end);
    if (managed.error !== undefined) throw managed.error;
    const deadline = deadlineLeft(view);
    const waits = [managed.wait, deadline].filter((wait) => wait !== undefined && wait > 0) as number[];
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** Makes and deletes pods. A Job that is to end loses those that are active; it ends once the caches show that. */
  async #manage(view: JobView, settled: boolean): Promise<Managed> {
    const { job, active } = view;
    const end = endOf(view);
    if (end !== undefined) {
      const { removed, error } =
        active.length > 0 ? await this.#owned.apply(job, { remove: active }) : { removed: [], error: undefined };
      const over = settled && removed.length === active.length;
      return { active, created: 0, removed, error, end: over ? end : undefined, planned: false };
    }
    const idle = { active, created: 0, removed: [], planned: false };
    if (!settled || job.metadata?.deletionTimestamp !== undefined) {
      return { ...idle, end: completionOf(view, active.length) };
    }
    const { create, remove, wait } = planJob(view);
    if (create.length + remove.length === 0) {
      return { ...idle, wait, planned: true, end: completionOf(view, active.length) };
    }
    // These were not wanted, which is no failure: they are let go before they end.
    await Promise.all(remove.filter(isTracked).map((pod) => this.#release(pod)));
    const make = (position: number) => podFor(job, create[position]);
    const { created, removed, error } = await this.#owned.apply(job, { create: create.length, make, remove });
    const left = active.length + created - removed.length;
    return { active, created, removed, error, wait, planned: true, end: completionOf(view, left) };
  }

  #statusAfter(view: JobView, { active, created, removed, planned, end }: Managed): JobStatus {
    const { job, terminating, now } = view;
    const going = new Set(removed);
    const staying = active.filter((pod) => !going.has(pod));
    const { active: _, ...before } = job.status ?? {};
    const running = staying.length + created;
    const status = {
      ...before,
      // Numbers that the API leaves out when they are 0 are left out here: a status must compare with what is read.
      ...(running > 0 && { active: running }),
      ready: staying.filter(isPodReady).length,
      terminating: terminating.length + removed.length,
    };
    if (!planned || end !== undefined) return status;
    const changed = changeSuspension(job, status, now);
    if (changed === status) return status;
    const [reason, message] = job.spec?.suspend ? ['Suspended', 'Job suspended'] : ['Resumed', 'Job resumed'];
    this.#context.recorder.event(job, 'Normal', reason!, message!);
    return changed;
  }

  /**
   * Writes down which pods have ended, lets them go, and counts them once they are let go. In this order no pod is
   * forgotten or counted twice, wherever it is interrupted.
   */
  async #count(
    key: string,
    present: Job,
    view: JobView,
    before: JobStatus,
    end: JobCondition | undefined,
  ): Promise<void> {
    const tracking = track(view, before, end);
    const known = end !== undefined && end.type !== 'Failed' && trueCondition(view.job, end.type) === undefined;
    const first = known
      ? { ...tracking.status, conditions: [...(tracking.status.conditions ?? []), end] }
      : tracking.status;
    const written = await this.#write(present, first);
    this.#backoffs.set(key, view.backoff);
    const failure = await this.#releaseAll(key, tracking.release);
    const held = heldPods({ pods: view.pods, released: this.#released.get(key) ?? new Set() });
    const second = settleUncounted(first, held);
    const over = end !== undefined && !tracking.more && !hasUncounted({ status: second }) && second.terminating === 0;
    const last = over ? lastCondition(end, view.now) : undefined;
    const ended = await this.#write(written, last === undefined ? second : finishStatus(second, last));
    if (failure !== undefined) throw failure;
    if (last !== undefined) this.#tellEnd(ended, last);
  }

  /** Lets pods go; resolves to the first error. What was let go is remembered until the cache shows it. */
  async #releaseAll(key: string, release: readonly Pod[]): Promise<unknown> {
    if (release.length === 0) return undefined;
    const released = this.#released.get(key) ?? new Set();
    this.#released.set(key, released);
    let failure: unknown;
    await Promise.all(
      release.map(async (pod) => {
        const uid = pod.metadata!.uid!;
        released.add(uid);
        await this.#release(pod).catch((thrown) => {
          released.delete(uid);
          failure ??= thrown;
        });
      }),
    );
    return failure;
  }

  /** The Job with this status, written unless it has it already. */
  async #write(job: Job, status: JobStatus): Promise<Job> {
    if (canonicalJson(job.status) === canonicalJson(status)) return job;
    return this.#context.client.resource(jobs).updateStatus({ ...job, status });
  }

  #tellEnd(job: Job, { type, reason, message }: JobCondition): void {
    const { recorder } = this.#context;
    if (type === 'Failed') {
      recorder.event(job, 'Warning', reason ?? '', message ?? '');
      return;
    }
    const { completions } = job.spec ?? {};
    if (completions !== undefined && (job.status?.succeeded ?? 0) > completions) {
      const text = 'Too many succeeded pods running after completion count reached';
      recorder.event(job, 'Warning', 'TooManySucceededPods', text);
    }
    recorder.event(job, 'Normal', 'Completed', 'Job completed');
  }
}

function isOurs({ spec }: Job): boolean {
  return spec?.managedBy === undefined || spec.managedBy === ownManager;
}
