import { messageOf } from '@keelson/base';
import type { Container, EphemeralContainer, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { startContainer } from '../containers/container-starter.ts';
import { RestartBackoff } from '../containers/restart-backoff.ts';
import { StartError } from '../containers/start-error.ts';
import { goDuration } from '../go-duration.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { RuntimePod, RuntimeSandbox } from '../runtime.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { WaitingReason } from './container-status.ts';
import type { PodPlace } from './field-reference.ts';
import type { PodEvents } from './pod-events.ts';
import { newestContainer } from './pod-plan.ts';
import { podLabel, sandboxSpec } from './sandbox-spec.ts';

/** Starts the containers of one pod, each again only after it has waited as long as its failures make it. */
export class ContainerStarts {
  /** Why containers do not run yet, by name. */
  readonly waiting = new Map<string, WaitingReason>();
  readonly #context: KubeletContext;
  readonly #events: PodEvents;
  readonly #volumes: PodVolumes;
  readonly #signal: AbortSignal;
  readonly #backoff = new RestartBackoff();
  readonly #retryAt = new Map<string, number>();

  /** @param signal aborts when the pod is to end */
  constructor(context: KubeletContext, events: PodEvents, volumes: PodVolumes, signal: AbortSignal) {
    this.#context = context;
    this.#events = events;
    this.#volumes = volumes;
    this.#signal = signal;
  }

  /** Forgets why others wait. */
  keepOnly(wanted: readonly { readonly name: string }[]): void {
    for (const name of this.waiting.keys())
      if (!wanted.some((container) => container.name === name)) this.waiting.delete(name);
  }

  clear(): void {
    this.waiting.clear();
  }

  /** Resolves to undefined when the container runs, else to the milliseconds after which another try is due. */
  async start(
    pod: Pod,
    container: Container | EphemeralContainer,
    runtimePod: RuntimePod,
    sandbox: RuntimeSandbox,
    place: PodPlace,
  ): Promise<number | undefined> {
    const { clock } = this.#context.world;
    const { name } = container;
    const due = (this.#retryAt.get(name) ?? 0) - clock.monotonic();
    if (due > 0) return due;
    const held = this.#held(pod, name, runtimePod);
    if (held !== undefined) return held;
    const request = { pod, container, runtimePod, sandboxId: sandbox.id, place, volumes: this.#volumes };
    const spec = sandboxSpec(pod, sandbox.attempt, this.#context);
    try {
      await startContainer({ ...request, sandbox: spec, events: this.#events, signal: this.#signal }, this.#context);
      this.waiting.delete(name);
      this.#retryAt.delete(name);
      return undefined;
    } catch (thrown) {
      const error =
        thrown instanceof StartError ? thrown : new StartError('CreateContainerError', messageOf(thrown), 10_000);
      this.waiting.set(name, { reason: error.reason, message: error.message });
      this.#retryAt.set(name, clock.monotonic() + error.retryAfter);
      return error.retryAfter;
    }
  }

  /** How long a container that has ended has to wait before it is started again; undefined when it need not. */
  #held(pod: Pod, name: string, runtimePod: RuntimePod): number | undefined {
    const { clock } = this.#context.world;
    const last = newestContainer(runtimePod, name);
    const hold = last?.state === 'exited' ? this.#backoff.waitFor(last, clock.now()) : undefined;
    if (hold === undefined) return undefined;
    const label = podLabel(pod);
    const text = `Back-off restarting failed container ${name} in pod ${label}`;
    this.#events.container(name, 'Warning', 'BackOff', text);
    const message = `back-off ${goDuration(hold.delay)} restarting failed container=${name} pod=${label}`;
    this.waiting.set(name, { reason: 'CrashLoopBackOff', message });
    this.#retryAt.set(name, clock.monotonic() + hold.until - clock.now());
    return hold.until - clock.now();
  }
}
