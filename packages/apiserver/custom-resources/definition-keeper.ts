import { type BackoffPolicy, backoffDelay, messageOf, rfc3339, type Timer, type World } from '@keelson/base';
import {
  type ApiObject,
  customResources,
  isConditionTrue,
  type Resource,
  type ResourceCatalogue,
  storageVersion,
} from '@keelson/model';
import type { CustomResourceDefinition } from '@keelson/model/generated/types/apiextensions-v1.ts';
import { StatusError } from '../request/status-error.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { sameJson } from '../resources/same-json.ts';
import type { WriteContext } from '../resources/write-plan.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { cleanupFinalizer, nextStatus, withDefinitionCondition } from './definition-status.ts';
import { definitionGroup, definitionResource } from './served-definitions.ts';

type Definition = Readonly<CustomResourceDefinition>;

const self = { name: 'system:apiserver', groups: ['system:masters'] };
const retry: BackoffPolicy = { initial: 100, longest: 60_000 };
/** How soon it is looked again whether the instances of a kind that goes are gone, in milliseconds. */
const goneInterval = 1000;

/**
 * Brings the status of every CustomResourceDefinition to what it should be (accepted names, Established, and what is wrong
 * with schemas), and deletes the instances of those that are being deleted before it lets them go.
 */
export class DefinitionKeeper {
  readonly #world: World;
  readonly #caches: ResourceCaches;
  readonly #writer: ObjectWriter;
  readonly #resource: Resource;
  readonly #waiting = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  #working = false;
  #stopped = false;
  #unfollow = () => {};

  constructor(options: {
    readonly world: World;
    readonly caches: ResourceCaches;
    readonly writer: ObjectWriter;
    readonly catalogue: ResourceCatalogue;
  }) {
    this.#world = options.world;
    this.#caches = options.caches;
    this.#writer = options.writer;
    this.#resource = options.catalogue.find(definitionGroup, 'v1', definitionResource)!;
  }

  start(): void {
    this.#unfollow = this.#caches.observe(definitionGroup, definitionResource, ({ current, previous }) => {
      const { metadata, spec } = (current ?? previous) as ApiObject as CustomResourceDefinition;
      if (current !== undefined) this.#add(metadata!.name!);
      // Names that were given up may be what another of the group waits for.
      if (previous === undefined || sameJson(accepted(current), accepted(previous))) return;
      for (const other of this.#group(spec.group)) if (!isSettled(other)) this.#add(other.metadata!.name!);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#unfollow();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #group(group: string): Definition[] {
    const all = this.#caches.list(definitionGroup, definitionResource) as readonly ApiObject[];
    return (all as readonly CustomResourceDefinition[]).filter(({ spec }) => spec.group === group);
  }

  #add(name: string): void {
    this.#waiting.add(name);
    if (this.#working || this.#stopped) return;
    this.#working = true;
    queueMicrotask(() => void this.#work());
  }

  async #work(): Promise<void> {
    for (const name of this.#waiting) {
      if (this.#stopped) break;
      this.#waiting.delete(name);
      try {
        const again = await this.#reconcile(name);
        this.#failures.delete(name);
        if (again !== undefined) this.#later(name, again);
      } catch (error) {
        const failures = (this.#failures.get(name) ?? 0) + 1;
        this.#failures.set(name, failures);
        this.#world.log.warn('a CustomResourceDefinition could not be kept', { name, error: messageOf(error) });
        this.#later(name, backoffDelay(retry, failures));
      }
    }
    this.#working = false;
  }

  #later(name: string, delay: number): void {
    const timer = this.#world.clock.setTimer(delay, () => {
      this.#timers.delete(timer);
      this.#add(name);
    });
    this.#timers.add(timer);
  }

  /** @returns milliseconds after which to look again */
  async #reconcile(name: string): Promise<number | undefined> {
    const definition = this.#caches.get(definitionGroup, definitionResource, '', name) as ApiObject | undefined as
      | Definition
      | undefined;
    if (definition === undefined) return undefined;
    if (definition.metadata?.deletionTimestamp !== undefined) return this.#empty(definition);
    const others = this.#group(definition.spec.group).filter((other) => other.metadata!.name !== name);
    const status = nextStatus(definition, others, rfc3339(this.#world.clock.now()));
    if (!sameJson(status, definition.status)) await this.#update(name, (present) => void (present['status'] = status));
    return undefined;
  }

  /** One step towards a kind without instances; then its finalizer goes, and with it the definition. */
  async #empty(definition: Definition): Promise<number | undefined> {
    const { metadata } = definition;
    if (!metadata!.finalizers?.includes(cleanupFinalizer)) return undefined;
    const name = metadata!.name!;
    if (!isConditionTrue(definition, 'Established')) {
      await this.#finish(name, 'NeverEstablished', 'resource was never established');
      return undefined;
    }
    await this.#terminating(name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
    try {
      const left = await this.#deleteInstances(definition);
      if (left > 0) return goneInterval;
    } catch (error) {
      const message = `could not issue all deletes: ${messageOf(error)}`;
      await this.#terminating(name, 'True', 'InstanceDeletionFailed', message);
      throw error;
    }
    await this.#finish(name, 'InstanceDeletionCompleted', 'removed all instances');
    return undefined;
  }

  /** Deletes what is not being deleted yet, past admission. @returns how many instances there are then */
  async #deleteInstances(definition: Definition): Promise<number> {
    const stored = storageVersion(definition.spec);
    const resource = customResources(definition).find(({ version }) => version === stored)!;
    await this.#caches.opened(resource);
    const cache = this.#caches.of(resource);
    if (cache === undefined) return 0;
    if (!cache.ready) throw new Error('instances cannot be listed yet');
    for (const { namespace, name, object } of cache.list('')) {
      if (object.metadata?.deletionTimestamp !== undefined) continue;
      const context = { ...this.#context(cache.resource), namespace };
      await this.#writer.delete(context, name, { dryRun: false }).catch((error: unknown) => {
        if (!(error instanceof StatusError && error.code === 404)) throw error;
      });
    }
    return cache.size;
  }

  async #terminating(name: string, status: string, reason: string, message: string): Promise<void> {
    await this.#update(name, (present) => this.#setTerminating(present, status, reason, message));
  }

  async #finish(name: string, reason: string, message: string): Promise<void> {
    await this.#update(name, (present) => {
      this.#setTerminating(present, 'False', reason, message);
      const finalizers = present.metadata!.finalizers?.filter((each) => each !== cleanupFinalizer) ?? [];
      if (finalizers.length === 0) delete present.metadata!.finalizers;
      else present.metadata!.finalizers = finalizers;
    });
  }

  #setTerminating(present: ApiObject, status: string, reason: string, message: string): void {
    const now = rfc3339(this.#world.clock.now());
    const condition = { type: 'Terminating', status, reason, message };
    const definition = present as CustomResourceDefinition;
    present['status'] = { ...present['status'], conditions: withDefinitionCondition(definition, condition, now) };
  }

  async #update(name: string, change: (present: ApiObject) => void): Promise<void> {
    const modify = (present: ApiObject) => {
      change(present);
      return present;
    };
    const context = { ...this.#context(this.#resource), subresource: 'status' };
    await this.#writer.update(context, name, modify, 'status').catch((error: unknown) => {
      // Whoever was faster has it looked at again.
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error;
    });
  }

  #context(resource: Resource): WriteContext {
    return { resource, subresource: '', namespace: '', user: self, dryRun: false, warnings: [], admitted: true };
  }
}

function accepted(object: unknown): unknown {
  return (object as CustomResourceDefinition | undefined)?.status?.acceptedNames;
}

function isSettled({ spec, status }: Definition): boolean {
  return sameJson(spec.names, status?.acceptedNames);
}
