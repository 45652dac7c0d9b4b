import { sleep, type Timer } from '@keelson/base';
import type { Container, EphemeralContainer, Pod, PodStatus } from '@keelson/model/generated/types/core-v1.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { ContainerProbes } from '../probes/container-probes.ts';
import { type RuntimeContainer, type RuntimePod, type RuntimeSandbox, runtimeMessage } from '../runtime.ts';
import { PodStorage } from '../volumes/pod-storage.ts';
import { VolumeError } from '../volumes/pod-volumes.ts';
import { ContainerStarts } from './container-starts.ts';
import type { PodPlace } from './field-reference.ts';
import type { Rejection } from './pod-admission.ts';
import { PodEvents } from './pod-events.ts';
import { type PodPlan, planPod, usableSandbox } from './pod-plan.ts';
import { finalizeDeletion, pruneEnded, removeRemains } from './pod-removal.ts';
import { PodResizing } from './pod-resizing.ts';
import { hurryContainers, stopAllContainers, stopContainer } from './pod-shutdown.ts';
import { podStatus } from './pod-status.ts';
import { podLabel, sandboxSpec } from './sandbox-spec.ts';
import { TerminationMessages } from './termination-messages.ts';

/** Volumes whose contents can change are looked at this often, in milliseconds. */
const volumeRefresh = 60_000;
/** `stop` waits so long for a turn that is under way (a container that takes its time to end), in milliseconds. */
const longestStop = 5_000;
const retryDelays = { initial: 1_000, longest: 30_000 };

/**
 * One pod on this node, from its first sight to its end. Everything that happens to it happens in `#sync`, one turn at a
 * time, from what is: the pod's newest state, what the runtime has, what the probes found.
 */
export class PodWorker {
  readonly #context: KubeletContext;
  readonly #events: PodEvents;
  readonly #storage: PodStorage;
  readonly #probes: ContainerProbes;
  readonly #messages: TerminationMessages;
  readonly #starts: ContainerStarts;
  /** Aborts when the pod is to end: an image is not waited for any more. */
  readonly #interruption = new AbortController();
  readonly #onEnd: () => void;
  readonly #resizing: PodResizing;
  /** As the API has it. */
  #wanted: Pod;
  /** The same, with the resources that the node has given it. */
  #pod: Pod;
  #failure: Rejection | undefined;
  #orphaned = false;
  #over = false;
  #stopped = false;
  #finished = false;
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #mountFailures = 0;
  #sandboxFailures = 0;
  #stopping: number | undefined;

  /** `onEnd` is called when nothing is left of the pod on this node. */
  constructor(pod: Pod, context: KubeletContext, onEnd: () => void) {
    this.#wanted = pod;
    this.#resizing = new PodResizing(pod, context);
    this.#pod = this.#resizing.applied(pod);
    this.#context = context;
    this.#onEnd = onEnd;
    this.#events = new PodEvents(context.recorder, () => this.#pod);
    this.#storage = new PodStorage(context);
    this.#starts = new ContainerStarts(context, this.#events, this.#storage.volumes, this.#interruption.signal);
    this.#messages = new TerminationMessages(context.files);
    this.#probes = new ContainerProbes({
      world: context.world,
      prober: context.prober,
      onFinding: () => this.wake(),
      onUnhealthy: (container, message) => this.#events.container(container, 'Warning', 'Unhealthy', message),
    });
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** True once the pod holds nothing of the node any more: its containers have ended for good. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The pod has a newer state. */
  update(pod: Pod): void {
    this.#wanted = pod;
    this.#pod = this.#resizing.applied(pod);
    if (pod.metadata?.deletionTimestamp !== undefined) this.#interruption.abort();
    const grace = this.#pod.metadata?.deletionGracePeriodSeconds;
    if (this.#stopping !== undefined && grace !== undefined && grace < this.#stopping) void this.#hurry(grace);
    this.wake();
  }

  /** The API has the pod no more: what runs of it is ended, and nobody is told. */
  orphan(): void {
    this.#orphaned = true;
    this.#interruption.abort();
    this.wake();
  }

  /** The node ends the pod: it becomes Failed with this reason. */
  fail(rejection: Rejection): void {
    if (this.#failure !== undefined || this.#finished) return;
    this.#failure = rejection;
    this.wake();
  }

  /** Another pod has gone: what was put off may have room now. */
  roomWasMade(): void {
    if (this.#resizing.outcome.refusal?.reason === 'Deferred') this.wake();
  }

  /** Looks at everything again, soon. */
  wake(): void {
    if (this.#over || this.#stopped) return;
    this.#dirty = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends the work, not the pod: a later kubelet goes on with it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#probes.keepOnly(new Set());
    const waited = new AbortController();
    const running = this.#running?.finally(() => waited.abort());
    if (running !== undefined)
      await Promise.race([running, sleep(this.#context.world.clock, longestStop, waited.signal)]);
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#over && !this.#stopped) {
      this.#dirty = false;
      this.#timer?.cancel();
      let again: number | undefined;
      try {
        again = await this.#sync();
        this.#failures = 0;
      } catch (thrown) {
        const delay = Math.min(retryDelays.initial * 2 ** this.#failures++, retryDelays.longest);
        const { world } = this.#context;
        world.log.warn('a pod could not be synchronised', { pod: podLabel(this.#pod), error: runtimeMessage(thrown) });
        again = delay;
      }
      if (again !== undefined && !this.#over && !this.#stopped)
        this.#timer = this.#context.world.clock.setTimer(again, () => this.wake());
    }
  }

  /** One turn. Resolves to the milliseconds after which another one is due even if nothing happens. */
  async #sync(): Promise<number | undefined> {
    const { runtime, world } = this.#context;
    const uid = this.#pod.metadata?.uid ?? '';
    const runtimePod = await runtime.pod(uid);
    await this.#messages.collect(this.#pod, runtimePod);
    this.#watchProbes(runtimePod);
    if (this.#orphaned || this.#pod.metadata?.deletionTimestamp !== undefined) return this.#end(runtimePod);
    const ends = this.#deadline();
    if (ends !== undefined && ends <= world.clock.now()) {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#failure ??= { reason: 'DeadlineExceeded', message };
    }
    const ended = this.#pod.status?.phase === 'Succeeded' || this.#pod.status?.phase === 'Failed';
    if (this.#failure !== undefined || ended) return this.#settle(runtimePod);
    this.#pod = this.#resizing.allocated(this.#wanted);
    const plan = planPod(this.#pod, runtimePod, this.#probes);
    if (plan.finished) return this.#settle(runtimePod);
    const due = await this.#carryOut(plan, runtimePod);
    return ends === undefined ? due : Math.min(due ?? Number.POSITIVE_INFINITY, ends - world.clock.now());
  }

  async #carryOut(plan: PodPlan, runtimePod: RuntimePod): Promise<number | undefined> {
    const { runtime } = this.#context;
    for (const { container, message } of plan.kill) {
      const own = this.#probes.failedProbe(container.id)?.terminationGracePeriodSeconds;
      await this.#stopOne(container, message, own, runtimePod);
    }
    for (const sandbox of plan.staleSandboxes) await runtime.stopSandbox(sandbox.id);
    if (plan.kill.length > 0) return this.#again();
    const stop = (container: RuntimeContainer, message: string) =>
      this.#stopOne(container, message, undefined, runtimePod);
    if (await this.#resizing.hold(this.#pod, runtimePod, stop)) return this.#again();
    if (plan.newSandbox !== undefined) return this.#makeSandbox(plan.newSandbox, runtimePod);
    const sandbox = usableSandbox(this.#pod, runtimePod)!;
    const mounted = await this.#mount(runtimePod, sandbox);
    if (mounted !== undefined) return mounted;
    await this.#storage.writeHosts(this.#pod, sandbox);
    return this.#startAll(plan.start, runtimePod, sandbox);
  }

  async #stopOne(
    container: RuntimeContainer,
    message: string,
    ownGrace: number | undefined,
    runtimePod: RuntimePod,
  ): Promise<void> {
    const graceSeconds = ownGrace ?? this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
    const address = runtimePod.sandboxes[0]?.addresses[0] ?? '';
    const about = { pod: this.#pod, container, message, graceSeconds, events: this.#events, address };
    await stopContainer(about, this.#context);
  }

  async #startAll(
    wanted: readonly (Container | EphemeralContainer)[],
    runtimePod: RuntimePod,
    sandbox: RuntimeSandbox,
  ): Promise<number | undefined> {
    this.#starts.keepOnly(wanted);
    let next = this.#storage.volumes.refreshes(this.#pod) ? volumeRefresh : Number.POSITIVE_INFINITY;
    let started = false;
    this.#publish(runtimePod);
    for (const container of wanted) {
      if (this.#interrupted()) return this.#again();
      const wait = await this.#starts.start(this.#pod, container, runtimePod, sandbox, this.#place(sandbox));
      if (wait === undefined) started = true;
      else next = Math.min(next, wait);
    }
    if (started) return this.#again();
    await pruneEnded(runtimePod, this.#context);
    this.#publish(runtimePod);
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(next, 10);
  }

  async #makeSandbox(attempt: number, runtimePod: RuntimePod): Promise<number | undefined> {
    const { runtime, files } = this.#context;
    this.#publish(runtimePod);
    if (attempt > 0)
      this.#events.pod('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    const network = this.#context.networkStatus();
    if (!network.ok && this.#pod.spec?.hostNetwork !== true) {
      const why = `container runtime network not ready: NetworkReady=false reason:${network.reason} message:${network.message}`;
      this.#events.pod('Warning', 'NetworkNotReady', `network is not ready: ${why}`);
      return retryDelays.initial;
    }
    const mounted = await this.#mount(runtimePod, undefined);
    if (mounted !== undefined) return mounted;
    const spec = sandboxSpec(this.#pod, attempt, this.#context);
    try {
      await files.makeLogDirectory(spec.logDirectory);
      await runtime.runSandbox(spec);
      this.#sandboxFailures = 0;
      return this.#again();
    } catch (thrown) {
      this.#events.pod('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${runtimeMessage(thrown)}`);
      return Math.min(retryDelays.initial * 2 ** this.#sandboxFailures++, retryDelays.longest);
    }
  }

  /** Resolves to undefined when every volume is there, else to when another try is due. */
  async #mount(runtimePod: RuntimePod, sandbox: RuntimeSandbox | undefined): Promise<number | undefined> {
    try {
      await this.#storage.mount(this.#pod, this.#place(sandbox));
      this.#mountFailures = 0;
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof VolumeError)) throw thrown;
      this.#events.pod('Warning', 'FailedMount', thrown.message);
      this.#publish(runtimePod);
      return Math.min(retryDelays.initial * 2 ** this.#mountFailures++, retryDelays.longest);
    }
  }

  /** The pod has come to its end and stays in the API: nothing of it goes on running. */
  async #settle(runtimePod: RuntimePod): Promise<undefined> {
    const after = await this.#stopEverything(runtimePod, this.#pod.spec?.terminationGracePeriodSeconds ?? 30);
    this.#finished = true;
    this.#starts.clear();
    this.#publish(after);
    return undefined;
  }

  /** The pod is deleted: ends it, and then takes it out of the API. */
  async #end(runtimePod: RuntimePod): Promise<number | undefined> {
    const { statuses } = this.#context;
    const uid = this.#pod.metadata?.uid ?? '';
    this.#starts.clear();
    if (!this.#orphaned) this.#publish(runtimePod);
    const grace = this.#pod.metadata?.deletionGracePeriodSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
    const after = await this.#stopEverything(runtimePod, grace);
    this.#finished = true;
    if (!this.#orphaned) {
      this.#publish(after);
      await statuses.flush(uid);
    }
    await removeRemains(this.#pod, after, this.#context);
    if (!this.#orphaned) await finalizeDeletion(this.#pod, this.#context);
    this.#over = true;
    statuses.forget(uid);
    this.#onEnd();
    return undefined;
  }

  async #stopEverything(runtimePod: RuntimePod, grace: number): Promise<RuntimePod> {
    const { runtime } = this.#context;
    this.#stopping = grace;
    try {
      await stopAllContainers(this.#pod, runtimePod, grace, this.#events, this.#context);
      for (const sandbox of runtimePod.sandboxes) if (sandbox.ready) await runtime.stopSandbox(sandbox.id);
    } finally {
      this.#stopping = undefined;
    }
    this.#probes.keepOnly(new Set());
    const after = await runtime.pod(runtimePod.uid);
    await this.#messages.collect(this.#pod, after);
    return after;
  }

  /** Shortens a termination that is under way. */
  async #hurry(grace: number): Promise<void> {
    this.#stopping = grace;
    try {
      await hurryContainers(this.#pod.metadata?.uid ?? '', grace, this.#context.runtime);
    } catch (thrown) {
      const { log } = this.#context.world;
      log.warn('a termination could not be hurried', { pod: podLabel(this.#pod), error: runtimeMessage(thrown) });
    }
  }

  #watchProbes(runtimePod: RuntimePod): void {
    const place = this.#place(usableSandbox(this.#pod, runtimePod));
    this.#probes.follow(this.#pod, runtimePod, place.podAddresses[0] ?? place.hostAddresses[0] ?? '');
  }

  #publish(runtimePod: RuntimePod): void {
    const { statuses, world, runtimeScheme } = this.#context;
    const previous: PodStatus | undefined = statuses.lastOf(this.#pod.metadata?.uid ?? '') ?? this.#pod.status;
    const status = podStatus({
      pod: this.#pod,
      runtimePod,
      runtimeScheme,
      waiting: this.#starts.waiting,
      findings: this.#probes,
      terminationMessages: this.#messages.byId,
      now: world.clock.now(),
      hostAddresses: this.#context.hostAddresses(),
      previous,
      failure: this.#failure,
      resize: this.#resizing.outcome,
    });
    statuses.set(this.#pod, status);
  }

  #place(sandbox: RuntimeSandbox | undefined): PodPlace {
    const hostAddresses = this.#context.hostAddresses();
    const podAddresses = this.#pod.spec?.hostNetwork ? hostAddresses : (sandbox?.addresses ?? []);
    return { nodeName: this.#context.nodeName, hostAddresses, podAddresses };
  }

  #deadline(): number | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec ?? {};
    if (activeDeadlineSeconds === undefined) return undefined;
    const started =
      this.#context.statuses.lastOf(this.#pod.metadata?.uid ?? '')?.startTime ?? this.#pod.status?.startTime;
    return started === undefined ? undefined : Date.parse(started) + activeDeadlineSeconds * 1000;
  }

  #interrupted(): boolean {
    return this.#stopped || this.#orphaned || this.#pod.metadata?.deletionTimestamp !== undefined;
  }

  #again(): undefined {
    this.#dirty = true;
    return undefined;
  }
}
