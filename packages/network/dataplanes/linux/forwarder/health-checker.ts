import { connect } from 'node:net';
import { type Clock, sleep } from '@keelson/base';
import type { ForwarderTarget } from './forwarder-configuration.ts';
import type { TargetGroup } from './target-group.ts';

export interface HealthCheckerOptions {
  readonly clock: Clock;
  readonly group: TargetGroup;
  readonly sourceAddress: string | undefined;
  readonly healthCheckPort: number | undefined;
  /** Between two rounds, in milliseconds. */
  readonly interval: number;
  readonly timeout: number;
  readonly changed: () => void;
}

/** Asks every target of a group again and again whether it takes TCP connections. */
export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #stopping = new AbortController();
  #wake = new AbortController();

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { clock, group, interval, changed } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const outcomes = await Promise.all(
        group.targets.map(async (target) => group.record(target, await this.#check(target))),
      );
      if (this.#stopping.signal.aborted) return;
      if (outcomes.includes(true)) changed();
      await sleep(clock, interval, this.#wake.signal);
    }
  }

  /** Begins the next round now: there are new targets. */
  hurry(): void {
    this.#wake.abort();
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake.abort();
  }

  /** The reason of a failure, in Elastic Load Balancing's words. */
  #check({ address, port }: ForwarderTarget): Promise<string | undefined> {
    const { clock, healthCheckPort, sourceAddress, timeout } = this.#options;
    return new Promise((resolve) => {
      const from = sourceAddress === undefined ? {} : { localAddress: sourceAddress };
      const socket = connect({ host: address, port: healthCheckPort ?? port, ...from });
      const done = (failure?: string) => {
        timer.cancel();
        socket.destroy();
        resolve(failure);
      };
      const timer = clock.setTimer(timeout, () => done('Target.Timeout'));
      socket.once('connect', () => done());
      socket.on('error', () => done('Target.FailedHealthChecks'));
    });
  }
}
