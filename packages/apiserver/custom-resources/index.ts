import type { World } from '@keelson/base';
import type { GrowingCatalogue } from '@keelson/model';
import type { ObjectWriter } from '../resources/object-writer.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { DefinitionKeeper } from './definition-keeper.ts';
import { type ConversionFor, ServedDefinitions } from './served-definitions.ts';

/** Everything that a server does because of CustomResourceDefinitions, beyond storing them. */
export class CustomResources {
  readonly #served: ServedDefinitions;
  readonly #keeper: DefinitionKeeper;
  #unfollow = () => {};

  constructor(options: {
    readonly world: World;
    readonly catalogue: GrowingCatalogue;
    readonly caches: ResourceCaches;
    readonly writer: ObjectWriter;
    readonly conversionFor: ConversionFor;
  }) {
    this.#served = new ServedDefinitions(options);
    this.#keeper = new DefinitionKeeper(options);
  }

  /** Serves what is defined. The caches are filled. */
  start(): void {
    this.#unfollow = this.#served.follow();
    this.#keeper.start();
  }

  stop(): void {
    this.#keeper.stop();
    this.#unfollow();
  }
}
