import type { World } from '@keelson/base';
import type { ApiObject, Resource } from '@keelson/model';
import { type Operation, type Store, StoreError, type TransactionResult } from '@keelson/store';
import type { AppliedObject, FieldManagement } from '../apply/field-management.ts';
import type { DeleteOptions } from '../request/delete-options.ts';
import {
  alreadyExists,
  conflict,
  generatedNameTaken,
  internal,
  noSuchPath,
  notFound,
  type StatusError,
  unavailable,
} from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { KeyLocks } from '../storage/key-locks.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { AdmissionChain } from './admission-chain.ts';
import { planCreate } from './plan-create.ts';
import { planDelete } from './plan-delete.ts';
import { type Modify, planUpdate, type UpdateRules } from './plan-update.ts';
import type { PlannerTools } from './planner-tools.ts';
import type { HookTable } from './resource-hooks.ts';
import { sameJson } from './same-json.ts';
import type { WriteContext, WritePlan, WriteResult } from './write-plan.ts';

/** How often a write is planned anew when another process' write came between. */
const collisionLimit = 32;
/** How often a generated name is drawn (k8s.io/apiserver RetryGenerateName). */
const nameTries = 8;
/** How long a response waits for the server's own cache to have the write, in milliseconds. */
const cacheWait = 5000;

/** Plans writes and commits them: compare and write, again when somebody was faster, answered once the cache has it. */
export class ObjectWriter implements PlannerTools {
  readonly world: World;
  readonly admission: AdmissionChain;
  readonly hooks: HookTable;
  readonly management: FieldManagement | undefined;
  readonly #store: Store;
  readonly #caches: ResourceCaches;
  readonly #locks = new KeyLocks();

  constructor(options: {
    world: World;
    store: Store;
    caches: ResourceCaches;
    admission: AdmissionChain;
    hooks: HookTable;
    /** Keeps who manages which fields; without it nobody does. */
    management?: FieldManagement | undefined;
  }) {
    this.world = options.world;
    this.admission = options.admission;
    this.hooks = options.hooks;
    this.management = options.management;
    this.#store = options.store;
    this.#caches = options.caches;
  }

  cacheOf(resource: Resource): WatchCache {
    const cache = this.#caches.of(resource);
    // A custom resource may have gone while it was written.
    if (cache === undefined && resource.form !== undefined) throw noSuchPath();
    if (cache === undefined) throw internal(`${resource.resource} is not stored`);
    return cache;
  }

  async isStored(key: string, bytes: Uint8Array): Promise<boolean> {
    const entry = await this.#store.get(key);
    return entry !== undefined && sameJson(parsed(entry.value), parsed(bytes));
  }

  /**
   * @param make the object, private to the call; called once for each generated name that is tried
   * @throws StatusError
   */
  async create(context: WriteContext, make: () => ApiObject): Promise<WriteResult> {
    for (let tries = 1; ; tries++) {
      const object = make();
      const generated = !object.metadata?.name && !!object.metadata?.generateName;
      const plan = await planCreate(this, context, object);
      const result = await this.#attempt(plan);
      if (result !== undefined) return result;
      if (!generated) throw this.#exists(context, plan.name);
      if (tries >= nameTries) throw generatedNameTaken(context.resource, plan.name);
    }
  }

  /**
   * Changes the object called `name`. `absent` makes it when it does not exist and the kind allows that.
   * @throws StatusError
   */
  async update(
    context: WriteContext,
    name: string,
    modify: Modify,
    rules: UpdateRules,
    absent?: () => ApiObject | AppliedObject | Promise<ApiObject | AppliedObject>,
  ): Promise<WriteResult> {
    const key = this.cacheOf(context.resource).keyOf(context.namespace, name);
    return this.#locks.run([key], (leaveTurn) =>
      this.#retrying(context, name, async () => {
        const present = this.#find(context, name);
        if (present !== undefined) return planUpdate(this, { ...context, leaveTurn }, present, modify, rules);
        if (absent === undefined) throw notFound(context.resource, name);
        return planCreate(this, context, await absent());
      }),
    );
  }

  /** @throws StatusError */
  async delete(context: WriteContext, name: string, options: DeleteOptions): Promise<WriteResult> {
    const key = this.cacheOf(context.resource).keyOf(context.namespace, name);
    return this.#locks.run([key], (leaveTurn) =>
      this.#retrying(context, name, async () => {
        const present = this.#find(context, name);
        if (present === undefined) throw notFound(context.resource, name);
        return planDelete(this, { ...context, leaveTurn }, present, options);
      }),
    );
  }

  /**
   * Commits several plans for different keys as one step. Resolves to undefined when one of them was overtaken; the
   * plans' reservations are given back then.
   */
  async commit(plans: readonly WritePlan[]): Promise<WriteResult[] | undefined> {
    const wet = plans.filter((plan) => !plan.context.dryRun && plan.outcome !== 'unchanged');
    let revision = 0;
    if (wet.length > 0) {
      const result = await this.#transact(plans, wet);
      if (!result.succeeded) {
        for (const plan of plans) plan.reservation?.undo();
        await this.#seeOthers(wet, result.revision);
        return undefined;
      }
      revision = result.revision;
      await Promise.all(wet.map((plan) => this.cacheOf(plan.context.resource).waitFor(revision, cacheWait)));
    }
    return plans.map((plan) => settle(plan, revision));
  }

  /** Runs `work` while no other write of this process touches `keys`. */
  exclusively<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    return this.#locks.run(keys, work);
  }

  #find(context: WriteContext, name: string): CachedObject | undefined {
    return this.cacheOf(context.resource).get(context.namespace, name);
  }

  async #retrying(context: WriteContext, name: string, plan: () => Promise<WritePlan>): Promise<WriteResult> {
    for (let tries = 1; tries <= collisionLimit; tries++) {
      const result = await this.#attempt(await plan());
      if (result !== undefined) return result;
    }
    throw conflict(context.resource, name);
  }

  async #attempt(plan: WritePlan): Promise<WriteResult | undefined> {
    if (plan.context.dryRun && plan.outcome === 'created' && this.#find(plan.context, plan.name)) {
      plan.reservation?.undo();
      return undefined;
    }
    return (await this.commit([plan]))?.[0];
  }

  async #transact(plans: readonly WritePlan[], wet: readonly WritePlan[]): Promise<TransactionResult> {
    try {
      return await this.#store.transact({
        compare: plans
          .filter((plan) => !plan.context.dryRun)
          .map((plan) => ({ key: plan.key, modRevision: plan.expected })),
        success: wet.flatMap((plan) => [operationOf(plan), ...(plan.reservation?.operations ?? [])]),
      });
    } catch (error) {
      // A write that may have happened keeps its reservations: they are put right when the server starts again.
      const unknown = error instanceof StoreError && error.code === 'unavailable';
      if (!unknown) for (const plan of plans) plan.reservation?.undo();
      throw error instanceof StoreError ? storeRefusal(error) : error;
    }
  }

  /** Waits until the caches have seen what overtook a write, so that the next try begins from it. */
  async #seeOthers(plans: readonly WritePlan[], revision: number): Promise<void> {
    await Promise.all(plans.map((plan) => this.cacheOf(plan.context.resource).waitFor(revision, cacheWait)));
  }

  #exists(context: WriteContext, name: string): Error {
    const error = alreadyExists(context.resource, name);
    if (this.#find(context, name)?.object.metadata?.deletionTimestamp !== undefined)
      error.status.message = `object is being deleted: ${error.status.message}`;
    return error;
  }
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

function operationOf(plan: WritePlan): Operation {
  if (plan.outcome === 'deleted') return { type: 'delete', key: plan.key };
  const put = { type: 'put' as const, key: plan.key, value: plan.bytes };
  return plan.ttl === undefined ? put : { ...put, ttl: plan.ttl };
}

function settle(plan: WritePlan, revision: number): WriteResult {
  const { context, outcome, name, bytes, object } = plan;
  if (context.dryRun) plan.reservation?.undo();
  else plan.reservation?.commit();
  const kept = context.dryRun || outcome === 'unchanged';
  return { outcome, name, bytes, object, revision: kept ? plan.expected : revision };
}

/** What a client is told when the store fails. */
export function storeRefusal(error: StoreError): StatusError {
  if (error.code === 'noSpace') return internal('etcdserver: mvcc: database space exceeded');
  if (error.code === 'invalidTransaction') return internal(error.message);
  return unavailable(`the store is ${error.code}: ${error.message}`);
}
