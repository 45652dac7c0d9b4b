import type { ProbeOutcome, Prober, ProbeTarget } from '../../probes/prober.ts';

const annotation = 'simulation.keelson.dev/unhealthy';

/**
 * Probes of containers that do not exist: they succeed, unless the pod's annotation
 * `simulation.keelson.dev/unhealthy` names the container (or is `true`, for all of them).
 */
export class SimulatedProber implements Prober {
  readonly steady = true;

  async probe(_probe: unknown, { pod, container }: ProbeTarget): Promise<ProbeOutcome> {
    const unhealthy = (pod.metadata?.annotations?.[annotation] ?? '').split(',');
    const ok = !unhealthy.includes(container.name) && !unhealthy.includes('true');
    return { ok, output: ok ? '' : `the pod's annotation ${annotation} says so` };
  }

  async get(): Promise<void> {}
}
