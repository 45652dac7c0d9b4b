import type { World } from '@keelson/base';
import { type Client, keyOf, kubernetesResources, SharedCaches } from '@keelson/client';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import type { ClusterZone } from './cluster-zone.ts';

const serviceName = 'kubernetes.io/service-name';

/** Keeps a zone what the API server's Services, EndpointSlices and Namespaces say. */
export class ZoneWatch {
  readonly #caches: SharedCaches;
  readonly synced: Promise<void>;

  constructor({ client, world, zone }: { readonly client: Client; readonly world: World; readonly zone: ClusterZone }) {
    this.#caches = new SharedCaches({ client, world });
    const services = this.#caches.of(kubernetesResources.services);
    const slices = this.#caches.of(kubernetesResources.endpointSlices);
    const namespaces = this.#caches.of(kubernetesResources.namespaces);
    const bySlice = slices.index('service', (slice) => [serviceOf(slice)]);
    const plan = (key: string) => {
      const [namespace, name = ''] = key.split('/');
      zone.setService(key, services.get(namespace, name), bySlice.get(key));
    };
    services.onChange((before, now) => plan(keyOf((now ?? before)!)));
    slices.onChange((before, now) => {
      for (const key of new Set([before, now].flatMap((slice) => (slice ? [serviceOf(slice)] : [])))) plan(key);
    });
    namespaces.onChange((before, now) => zone.setNamespace((now ?? before)?.metadata?.name ?? '', now !== undefined));
    this.synced = this.#caches.synced().then(() => {
      zone.complete = true;
    });
  }

  stop(): void {
    this.#caches.stop();
  }
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[serviceName] ?? ''}`;
}
