import { randomFraction, type Timer, type World } from '@keelson/base';
import type { Container, Pod, Probe } from '@keelson/model/generated/types/core-v1.ts';
import type { ProbeFindings } from '../pods/pod-plan.ts';
import { allContainers } from '../pods/quality-of-service.ts';
import type { RuntimePod } from '../runtime.ts';
import type { ProbeOutcome, Prober, ProbeTarget } from './prober.ts';

type ProbeKind = 'startup' | 'liveness' | 'readiness';

interface Loop {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly target: ProbeTarget;
  timer: Timer | undefined;
  same: number;
  lastOk: boolean | undefined;
  /** What the probe stands for now, thresholds considered; undefined before it has said anything. */
  verdict: boolean | undefined;
}

interface Watched {
  readonly container: Container;
  readonly loops: readonly Loop[];
}

const titles: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

export interface ContainerProbesOptions {
  readonly world: World;
  readonly prober: Prober;
  /** Something was found that may change what has to be done. */
  onFinding(): void;
  /** A probe failed: `Readiness probe failed: …`. */
  onUnhealthy(container: string, message: string): void;
}

/** The probes of one pod's running containers. Each container is watched from when it runs until it is forgotten. */
export class ContainerProbes implements ProbeFindings {
  readonly #options: ContainerProbesOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
  }

  /** Begins to probe a container that runs since `startedAt` (milliseconds since 1970); again: nothing. */
  watch(target: ProbeTarget, startedAt: number): void {
    if (this.#watched.has(target.containerId)) return;
    const { startupProbe, livenessProbe, readinessProbe } = target.container;
    const kinds: [ProbeKind, Probe | undefined][] = [
      ['startup', startupProbe],
      ['liveness', livenessProbe],
      ['readiness', readinessProbe],
    ];
    const loops = kinds
      .filter((entry): entry is [ProbeKind, Probe] => entry[1] !== undefined)
      .map(([kind, probe]): Loop => {
        const state = { timer: undefined, same: 0, lastOk: undefined, verdict: undefined };
        return { kind, probe, target, ...state };
      });
    this.#watched.set(target.containerId, { container: target.container, loops });
    const age = Math.max(this.#options.world.clock.now() - startedAt, 0);
    for (const loop of loops) {
      const initial = Math.max((loop.probe.initialDelaySeconds ?? 0) * 1000 - age, 0);
      // After a restart of the kubelet the probes of a whole node would else come all at once.
      const spread = age > 5_000 ? randomFraction(this.#options.world.random) * this.#period(loop) : 0;
      this.#schedule(loop, initial + spread);
    }
  }

  /** Probes the containers of `pod` that run and no others; of a pod that is being deleted no new ones. */
  follow(pod: Pod, { containers }: RuntimePod, address: string): void {
    const running = containers.filter(({ state }) => state === 'running');
    this.keepOnly(new Set(running.map(({ id }) => id)));
    if (pod.metadata?.deletionTimestamp !== undefined) return;
    const specs = [...allContainers(pod), ...(pod.spec?.ephemeralContainers ?? [])];
    for (const { id, name, startedAt } of running) {
      const container = specs.find((one) => one.name === name) as Container | undefined;
      if (container !== undefined) this.watch({ pod, container, containerId: id, address }, startedAt);
    }
  }

  /** Ends the probes of all containers that are not among `ids`. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, { loops }] of this.#watched) {
      if (ids.has(id)) continue;
      for (const loop of loops) loop.timer?.cancel();
      this.#watched.delete(id);
    }
  }

  started(id: string): boolean {
    const startup = this.#loop(id, 'startup');
    return startup === undefined ? this.#watched.has(id) : startup.verdict === true;
  }

  ready(id: string): boolean {
    const readiness = this.#loop(id, 'readiness');
    return readiness === undefined ? this.#watched.has(id) : readiness.verdict === true;
  }

  failed(id: string): 'liveness' | 'startup' | undefined {
    if (this.#loop(id, 'startup')?.verdict === false) return 'startup';
    return this.#loop(id, 'liveness')?.verdict === false ? 'liveness' : undefined;
  }

  /** The probe that failed a container, for its own termination grace. */
  failedProbe(id: string): Probe | undefined {
    const kind = this.failed(id);
    return kind && this.#loop(id, kind)?.probe;
  }

  #loop(id: string, kind: ProbeKind): Loop | undefined {
    return this.#watched.get(id)?.loops.find((loop) => loop.kind === kind);
  }

  #period({ probe }: Loop): number {
    return (probe.periodSeconds ?? 10) * 1000;
  }

  #schedule(loop: Loop, delay: number): void {
    loop.timer = this.#options.world.clock.setTimer(delay, () => void this.#turn(loop));
  }

  async #turn(loop: Loop): Promise<void> {
    const { containerId } = loop.target;
    const startedYet = this.started(containerId);
    // The startup probe comes first, and once it has succeeded it is over.
    if (loop.kind !== 'startup' && !startedYet) return this.#schedule(loop, this.#period(loop));
    if (loop.kind === 'startup' && startedYet) return;
    const outcome = await this.#probe(loop);
    if (this.#watched.get(containerId)?.loops.includes(loop) !== true) return;
    if (outcome !== undefined) this.#count(loop, outcome);
    if (this.#options.prober.steady && loop.verdict === true) return;
    if (loop.kind !== 'readiness' && loop.verdict === false) return;
    this.#schedule(loop, this.#period(loop));
  }

  async #probe(loop: Loop): Promise<ProbeOutcome | undefined> {
    try {
      return await this.#options.prober.probe(loop.probe, loop.target);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const { name } = loop.target.container;
      this.#options.onUnhealthy(name, `${titles[loop.kind]} probe errored and resulted in unknown state: ${message}`);
      return undefined;
    }
  }

  #count(loop: Loop, { ok, output }: ProbeOutcome): void {
    const { kind, probe, target } = loop;
    if (!ok) this.#options.onUnhealthy(target.container.name, `${titles[kind]} probe failed: ${output}`);
    loop.same = loop.lastOk === ok ? loop.same + 1 : 1;
    loop.lastOk = ok;
    const threshold = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (loop.same < threshold || loop.verdict === ok) return;
    loop.verdict = ok;
    this.#options.onFinding();
    if (kind === 'startup' && ok) this.#hurryOthers(target.containerId);
  }

  /** Liveness and readiness begin as soon as the container has started, not a period later. */
  #hurryOthers(id: string): void {
    for (const loop of this.#watched.get(id)?.loops ?? []) {
      if (loop.kind === 'startup') continue;
      loop.timer?.cancel();
      this.#schedule(loop, 0);
    }
  }
}
