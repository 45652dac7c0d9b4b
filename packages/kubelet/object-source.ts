import type { Clock } from '@keelson/base';
import { type Client, isNotFound, kubernetesResources, type ResourceClient } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { ConfigMap, Secret } from '@keelson/model/generated/types/core-v1.ts';

interface Entry {
  readonly object: Promise<ApiObject | undefined>;
  readonly at: number;
}

/** An object that was read is good for so long, in milliseconds: pods that start together read it once. */
const freshFor = 10_000;
const limit = 2000;

/**
 * ConfigMaps and Secrets for pods, read one by one: a node may read those that its own pods name, and may not list.
 * Resolves to undefined for what does not exist; rejects when the API server cannot be asked.
 */
export class ObjectSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#read(this.#client.resource(kubernetesResources.configMaps), 'configmap', namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#read(this.#client.resource(kubernetesResources.secrets), 'secret', namespace, name);
  }

  #read<T extends ApiObject>(
    resource: ResourceClient<T>,
    kind: string,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    const key = `${kind}/${namespace}/${name}`;
    const now = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known !== undefined && now - known.at < freshFor) return known.object as Promise<T | undefined>;
    const object = resource.get(name, namespace).catch((thrown) => {
      this.#entries.delete(key);
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    });
    this.#entries.delete(key);
    if (this.#entries.size >= limit) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { object, at: now });
    return object;
  }
}
