import { isConflict, isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { Job } from '@keelson/model/generated/types/batch-v1.ts';

const { jobs } = kubernetesResources;

/** Deletes Jobs, with all that they made, so many seconds after they ended as they say themselves. */
export class TtlAfterFinishedController implements Controller {
  readonly name = 'ttl-after-finished-controller';
  #context!: ControllerContext;
  #jobs!: SharedCache<Job>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#jobs = context.caches.of(jobs);
    this.#jobs.onChange((_, now) => {
      if (now !== undefined && expiryOf(now) !== undefined) context.queue.add(keyOf(now));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const cached = this.#jobs.get(namespace, name);
    const left = cached && this.#timeLeft(cached);
    if (left === undefined || left > 0) return left;
    try {
      // The time may have been made longer a moment ago: the server itself is asked.
      const job = await this.#context.client.resource(jobs).get(name, namespace);
      const still = this.#timeLeft(job);
      if (still === undefined || still > 0) return still;
      const { uid, resourceVersion } = job.metadata!;
      const preconditions = { uid: uid!, resourceVersion: resourceVersion! };
      await this.#context.client
        .resource(jobs)
        .delete(name, namespace, { propagationPolicy: 'Foreground', preconditions });
    } catch (thrown) {
      if (isConflict(thrown)) return 0;
      if (!isNotFound(thrown)) throw thrown;
    }
    return undefined;
  }

  /** Milliseconds until the Job has to go; undefined when it may stay. */
  #timeLeft(job: Job): number | undefined {
    const expiry = expiryOf(job);
    return expiry === undefined ? undefined : Math.max(expiry - this.#context.world.clock.now(), 0);
  }
}

/** When the Job has to go, in milliseconds since 1970; undefined when it may stay. */
export function expiryOf({ metadata, spec, status }: Job): number | undefined {
  if (spec?.ttlSecondsAfterFinished === undefined || metadata?.deletionTimestamp !== undefined) return undefined;
  const end = status?.conditions?.find((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True');
  const time = Date.parse(end?.lastTransitionTime ?? '');
  return Number.isNaN(time) ? undefined : time + spec.ttlSecondsAfterFinished * 1000;
}
