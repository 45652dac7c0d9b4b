import {
  type ApiObject,
  type Conversion,
  type CustomResource,
  customResources,
  type GrowingCatalogue,
  isConditionTrue,
} from '@keelson/model';
import type { CustomResourceDefinition } from '@keelson/model/generated/types/apiextensions-v1.ts';
import type { ObjectChange } from '../admission/contract.ts';
import { sameJson } from '../resources/same-json.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';

export const definitionGroup = 'apiextensions.k8s.io';
export const definitionResource = 'customresourcedefinitions';

/** Makes what converts the instances of a definition; undefined when its versions differ in their schemas alone. */
export type ConversionFor = (definition: Readonly<CustomResourceDefinition>) => Conversion | undefined;

/** What has to be different for a kind to be served differently. */
interface Facts {
  readonly spec: unknown;
  readonly names: unknown;
  readonly terminating: boolean;
}

/**
 * Keeps a server's catalogue and caches at what the CustomResourceDefinitions of its store say, in the same turn in which
 * its own cache of them changes: who reads that a kind is Established finds it served.
 */
export class ServedDefinitions {
  readonly #catalogue: GrowingCatalogue;
  readonly #caches: ResourceCaches;
  readonly #conversionFor: ConversionFor;
  readonly #facts = new Map<string, Facts>();

  constructor(options: {
    readonly catalogue: GrowingCatalogue;
    readonly caches: ResourceCaches;
    readonly conversionFor: ConversionFor;
  }) {
    this.#catalogue = options.catalogue;
    this.#caches = options.caches;
    this.#conversionFor = options.conversionFor;
  }

  /** Serves what is defined now, and from then on. Returns what ends it. */
  follow(): () => void {
    return this.#caches.observe(definitionGroup, definitionResource, (change) => this.#changed(change));
  }

  #changed({ current, previous }: ObjectChange): void {
    const definition = current as ApiObject as CustomResourceDefinition | undefined;
    if (definition !== undefined && isConditionTrue(definition, 'Established')) this.#serve(definition);
    else this.#withdraw((current ?? previous) as ApiObject as CustomResourceDefinition);
  }

  #serve(definition: Readonly<CustomResourceDefinition>): void {
    const name = definition.metadata!.name!;
    const facts: Facts = {
      spec: definition.spec,
      names: definition.status?.acceptedNames,
      terminating: isConditionTrue(definition, 'Terminating'),
    };
    const before = this.#facts.get(name);
    if (before !== undefined && sameJson(before, facts)) return;
    this.#facts.set(name, facts);
    const versions = customResources(definition, this.#conversionFor(definition));
    const first = versions[0]!;
    if (this.#catalogue.isFixed(first.group, first.resource)) return;
    if (before === undefined || !sameJson(before.spec, facts.spec)) this.#caches.serve(versions);
    this.#catalogue.replace(name, versions.filter(isServed));
  }

  #withdraw({ metadata, spec }: Readonly<CustomResourceDefinition>): void {
    const name = metadata!.name!;
    if (!this.#facts.delete(name)) return;
    this.#catalogue.replace(name, []);
    this.#caches.drop(spec.group, spec.names.plural);
  }
}

function isServed({ definition, version }: CustomResource): boolean {
  return definition.spec.versions.some(({ name, served }) => served && name === version);
}
