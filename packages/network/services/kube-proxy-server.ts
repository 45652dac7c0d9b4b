import { type Clock, rfc3339Micro } from '@keelson/base';
import { type HttpEndpoint, httpEndpoint, type PlainAnswer } from '../observe/http-endpoint.ts';
import type { KubeProxy } from './kube-proxy.ts';
import type { KubeProxyConfiguration } from './kube-proxy-configuration.ts';

/** kube-proxy's two servers: /healthz and /livez for load balancers and probes, /metrics and /proxyMode for people. */
export async function serveKubeProxy(
  proxy: KubeProxy,
  configuration: KubeProxyConfiguration,
  clock: Clock,
): Promise<HttpEndpoint[]> {
  const servers: HttpEndpoint[] = [];
  const { healthzBindAddress, metricsBindAddress } = configuration;
  if (healthzBindAddress !== '')
    servers.push(await httpEndpoint(hostAndPort(healthzBindAddress), (path) => health(path, proxy, clock)));
  if (metricsBindAddress !== '')
    servers.push(await httpEndpoint(hostAndPort(metricsBindAddress), (path) => metrics(path, proxy)));
  return servers;
}

function hostAndPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function health(path: string, proxy: KubeProxy, clock: Clock): PlainAnswer | undefined {
  if (path !== '/healthz' && path !== '/livez') return undefined;
  const { lastSync, nodeEligible } = proxy.state;
  // A node that is going away fails for load balancers, and is not restarted for it.
  const healthy = proxy.healthy() && (path === '/livez' || nodeEligible);
  const now = rfc3339Micro(clock.now());
  const lastUpdated = lastSync === 0 ? now : rfc3339Micro(proxy.healthy() ? clock.now() : lastSync);
  return {
    status: healthy ? 200 : 503,
    body: JSON.stringify({ lastUpdated, currentTime: now, ...(path === '/healthz' && { nodeEligible }) }),
    headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' },
  };
}

function metrics(path: string, proxy: KubeProxy): PlainAnswer | undefined {
  if (path === '/healthz') return { status: 200, body: 'ok' };
  if (path === '/proxyMode') return { status: 200, body: 'nftables' };
  if (path !== '/metrics') return undefined;
  const { syncs, failures, lastSync, lastDuration, services, endpointSlices } = proxy.state;
  const lines = [
    ...metric('kubeproxy_sync_proxy_rules_total', 'counter', 'Transactions that brought the rules up to date', syncs),
    ...metric(
      'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
      'counter',
      'Transactions that failed',
      failures,
    ),
    ...metric(
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      'gauge',
      'When the rules were last brought up to date',
      lastSync / 1000,
    ),
    ...metric('kubeproxy_sync_proxy_rules_last_duration_seconds', 'gauge', 'How long that took', lastDuration),
    ...metric('kubeproxy_services', 'gauge', 'Services that are proxied', services),
    ...metric('kubeproxy_endpoint_slices', 'gauge', 'EndpointSlices that are known', endpointSlices),
  ];
  return { status: 200, body: `${lines.join('\n')}\n`, headers: { 'content-type': 'text/plain; version=0.0.4' } };
}

function metric(name: string, type: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}.`, `# TYPE ${name} ${type}`, `${name} ${value}`];
}
