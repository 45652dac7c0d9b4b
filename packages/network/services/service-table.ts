import type { Service } from '@keelson/model/generated/types/core-v1.ts';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { baseChains, type MasqueradeSettings, mapNames, sharedCollections } from './base-rules.ts';
import type { NodePlace } from './endpoint-choice.ts';
import type { Chain, Collection, Ruleset } from './ruleset.ts';
import { planService, type ServiceRules } from './service-rules.ts';

/** A Service with the slices that carry its name. */
export interface ServiceObjects {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
}

export interface ServiceTableOptions {
  readonly masquerade: MasqueradeSettings;
}

/** What one node says to a load balancer that asks whether it has endpoints of a Service. */
export interface ServiceHealth {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly localEndpoints: number;
}

/**
 * The rules of all Services of one node. It plans anew only what was said to have changed; whatever the order in which
 * changes came, the same objects give the same table.
 */
export class ServiceTable {
  readonly #base: ReadonlyMap<string, Chain>;
  readonly #planned = new Map<string, ServiceRules>();
  #place: NodePlace = { nodeName: '', zone: '' };
  #nodeAddresses: readonly string[] = [];

  constructor(options: ServiceTableOptions) {
    this.#base = baseChains(options.masquerade);
  }

  /** Sets where the node is, and the addresses at which it answers node ports. True when every Service must be set again. */
  setNode(place: NodePlace, nodeAddresses: readonly string[]): boolean {
    const moved = place.nodeName !== this.#place.nodeName || place.zone !== this.#place.zone;
    this.#place = place;
    this.#nodeAddresses = nodeAddresses;
    return moved;
  }

  /** Plans the Service `namespace/name` from its objects, or forgets it when there is none. */
  setService(key: string, objects: ServiceObjects | undefined): void {
    if (objects === undefined) {
      this.#planned.delete(key);
      return;
    }
    const slices = [...objects.slices].sort((one, other) =>
      compare(one.metadata?.name ?? '', other.metadata?.name ?? ''),
    );
    this.#planned.set(key, planService(objects.service, slices, this.#place));
  }

  /** The whole table as it should be. Of two Services that claim one address and port, the first by name has it. */
  ruleset(): Ruleset {
    const chains = new Map<string, Chain>(this.#base);
    const collections = new Map<string, Collection>();
    const elements = new Map<string, Map<string, string>>();
    for (const name of sharedCollections.keys()) elements.set(name, new Map());
    for (const address of this.#nodeAddresses) elements.get(mapNames.nodePortIps)!.set(address, '');
    for (const [, rules] of this.#inOrder()) {
      for (const [name, chain] of rules.chains) chains.set(name, chain);
      for (const [name, collection] of rules.collections) collections.set(name, collection);
      for (const [map, key, value] of rules.elements) {
        const known = elements.get(map)!;
        if (!known.has(key)) known.set(key, value);
      }
    }
    for (const [name, collection] of sharedCollections)
      collections.set(name, { ...collection, elements: elements.get(name)! });
    return { chains, collections };
  }

  /** What is asked at the health check node ports. */
  health(): ServiceHealth[] {
    return this.#inOrder().flatMap(([key, { health }]) => {
      const [namespace = '', service = ''] = key.split('/');
      return health === undefined ? [] : [{ namespace, service, ...health }];
    });
  }

  #inOrder(): [string, ServiceRules][] {
    return [...this.#planned].sort(([one], [other]) => compare(one, other));
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
