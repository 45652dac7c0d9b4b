import { type Log, messageOf } from '@keelson/base';
import { type HttpEndpoint, httpEndpoint } from '../observe/http-endpoint.ts';
import type { ServiceHealth } from './service-table.ts';

export interface HealthCheckPortsOptions {
  readonly log: Log;
  /** Whether the rules of this node are current. */
  readonly healthy: () => boolean;
  /** Address to listen at. Default 0.0.0.0: load balancers ask from outside. */
  readonly host?: string;
}

/** Answers at the health check node port of each Service that only wants nodes with endpoints of its own. */
export class HealthCheckPorts {
  readonly #options: HealthCheckPortsOptions;
  readonly #open = new Map<number, { readonly endpoint: HttpEndpoint; readonly health: { now: ServiceHealth } }>();

  constructor(options: HealthCheckPortsOptions) {
    this.#options = options;
  }

  /** Opens and closes ports so that exactly these are answered. A port that is taken is said in the log and tried again. */
  async set(services: readonly ServiceHealth[]): Promise<void> {
    const wanted = new Map(services.map((health) => [health.port, health]));
    for (const [port, { endpoint }] of [...this.#open]) {
      if (wanted.has(port)) continue;
      this.#open.delete(port);
      await endpoint.close();
    }
    for (const [port, now] of wanted) {
      const known = this.#open.get(port);
      if (known === undefined) await this.#listen(port, now);
      else known.health.now = now;
    }
  }

  async close(): Promise<void> {
    await this.set([]);
  }

  async #listen(port: number, now: ServiceHealth): Promise<void> {
    const health = { now };
    const at = { host: this.#options.host ?? '0.0.0.0', port };
    try {
      const endpoint = await httpEndpoint(at, () => answer(health.now, this.#options.healthy()));
      this.#open.set(port, { endpoint, health });
    } catch (error) {
      this.#options.log.error('a health check node port could not be opened', { port, error: messageOf(error) });
    }
  }
}

function answer({ namespace, service, localEndpoints }: ServiceHealth, serviceProxyHealthy: boolean) {
  const body = { service: { namespace, name: service }, localEndpoints, serviceProxyHealthy };
  return {
    status: localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(localEndpoints),
    },
  };
}
