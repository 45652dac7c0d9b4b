import type { World } from '@keelson/base';
import type { Client, DiscoveredResource, ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';

/** How often kinds that are not known are looked for at most, in milliseconds. */
const discoveryPause = 30_000;

/** autoscaling/v1 Scale. */
export interface Scale extends ApiObject {
  spec?: { replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** The resources behind kinds, as the server lists them, and their scales. */
export class Targets {
  readonly #client: Client;
  readonly #clock: World['clock'];
  #known: readonly DiscoveredResource[] = [];
  #asked = Number.NEGATIVE_INFINITY;

  constructor(client: Client, world: World) {
    this.#client = client;
    this.#clock = world.clock;
  }

  /** @throws Error when the server has no such kind */
  async resourceOf(apiVersion: string | undefined, kind: string): Promise<ResourceRef> {
    const parts = (apiVersion ?? '').split('/');
    if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
    const group = parts.length === 2 ? parts[0]! : '';
    const find = () => this.#known.find((one) => one.kind === kind && one.group === group);
    if (find() === undefined && this.#clock.monotonic() - this.#asked > discoveryPause) {
      this.#asked = this.#clock.monotonic();
      this.#known = await this.#client.discover();
    }
    const found = find();
    if (found === undefined)
      throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
    return found;
  }

  read(ref: ResourceRef, namespace: string, name: string): Promise<Scale> {
    return this.#client.resource(ref).getSubresource<Scale>(name, namespace, 'scale');
  }

  async write(ref: ResourceRef, scale: Scale, replicas: number): Promise<void> {
    const { name = '', namespace } = scale.metadata ?? {};
    const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', ...scale, spec: { replicas } };
    await this.#client.resource(ref).updateSubresource(name, namespace, 'scale', body);
  }
}
