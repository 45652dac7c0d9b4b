import { connect } from 'node:net';
import type { Clock } from '@keelson/base';
import type { GRPCAction, HTTPGetAction, Probe } from '@keelson/model/generated/types/core-v1.ts';
import { goDuration } from '../go-duration.ts';
import { type Runtime, RuntimeError } from '../runtime.ts';
import { dialError, httpGet, urlOf } from './http-probe.ts';
import { joinHostPort, portNumber } from './probe-address.ts';
import type { ProbeOutcome, Prober, ProbeTarget } from './prober.ts';

const success: ProbeOutcome = { ok: true, output: '' };

/** Carries out probes for real: commands in the container, connections from the node. */
export class NetworkProber implements Prober {
  readonly steady = false;
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #minor: number;

  constructor(runtime: Runtime, clock: Clock, minor = 36) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#minor = minor;
  }

  async probe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
    const timeout = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.exec) return this.#exec(probe.exec.command ?? [], target, timeout);
    if (probe.httpGet) return this.#http(probe.httpGet, target, timeout);
    if (probe.tcpSocket) {
      const { host, port } = probe.tcpSocket;
      return this.#tcp(host || target.address, portNumber(port, target.container), timeout);
    }
    if (probe.grpc) return this.#grpc(probe.grpc, target, timeout);
    throw new Error(`missing probe handler for ${target.container.name}`);
  }

  async get(action: HTTPGetAction, target: ProbeTarget, timeout: number): Promise<void> {
    const url = urlOf(action, target.container, target.address);
    const { status, body } = await httpGet(action, url, timeout, this.#clock, this.#minor);
    if (status >= 400) throw new Error(`HTTP hook failed with status code ${status}: ${body}`);
  }

  async #exec(command: readonly string[], target: ProbeTarget, timeout: number): Promise<ProbeOutcome> {
    try {
      const { exitCode, stdout, stderr } = await this.#runtime.execSync(target.containerId, command, timeout);
      return {
        ok: exitCode === 0,
        output: Buffer.concat([stdout, stderr])
          .toString('utf8')
          .slice(0, 10 * 1024),
      };
    } catch (thrown) {
      if (!(thrown instanceof RuntimeError) || thrown.code !== 'DeadlineExceeded') throw thrown;
      return { ok: false, output: `command timed out: "${command.join(' ')}" timed out after ${goDuration(timeout)}` };
    }
  }

  async #http(action: HTTPGetAction, target: ProbeTarget, timeout: number): Promise<ProbeOutcome> {
    const url = urlOf(action, target.container, target.address);
    try {
      const { status } = await httpGet(action, url, timeout, this.#clock, this.#minor);
      if (status >= 200 && status < 400) return success;
      return { ok: false, output: `HTTP probe failed with statuscode: ${status}` };
    } catch (thrown) {
      return { ok: false, output: (thrown as Error).message };
    }
  }

  #tcp(address: string, port: number, timeout: number): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const socket = connect({ host: address, port });
      const done = (outcome: ProbeOutcome) => {
        timer.cancel();
        socket.destroy();
        resolve(outcome);
      };
      const timer = this.#clock.setTimer(timeout, () =>
        done({ ok: false, output: `dial tcp ${joinHostPort(address, port)}: i/o timeout` }),
      );
      socket.once('connect', () => done(success));
      socket.once('error', (error) => done({ ok: false, output: dialError(error, address, port) }));
    });
  }

  async #grpc({ port, service }: GRPCAction, target: ProbeTarget, timeout: number): Promise<ProbeOutcome> {
    const at = joinHostPort(target.address, port);
    // gRPC is a big package, and few pods have such a probe.
    const { checkGrpcHealth } = await import('./grpc-health.ts');
    const answer = await checkGrpcHealth(at, service ?? '', this.#clock.now() + timeout);
    if (answer === 'SERVING') return success;
    if (answer === 'DEADLINE') {
      const text = `timeout: failed to connect service "${at}" within ${goDuration(timeout)}: context deadline exceeded`;
      return { ok: false, output: text };
    }
    return { ok: false, output: answer };
  }
}
