import type { Container, Pod, Probe } from '@keelson/model/generated/types/core-v1.ts';

/** What one probe found. */
export interface ProbeOutcome {
  readonly ok: boolean;
  /** What the Unhealthy Event says after `Readiness probe failed: `. */
  readonly output: string;
}

export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  /** The address to connect to when the probe names none. */
  readonly address: string;
}

/** Carries out probes and the hooks that are like them. */
export interface Prober {
  /** True when what it finds never changes: then it is asked no more than the thresholds need. */
  readonly steady: boolean;
  /** Rejects only when the probe could not be carried out at all, which counts neither way. */
  probe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome>;
  /** An httpGet of a lifecycle hook. Rejects with what went wrong. */
  get(action: NonNullable<Probe['httpGet']>, target: ProbeTarget, timeout: number): Promise<void>;
}
