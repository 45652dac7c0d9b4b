import { type Client, isNotFound, type ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import { controllerOf, controllerReference } from './owner-references.ts';

/** What an owner may do to an object that its selector says something about. */
export type ClaimDecision = 'own' | 'adopt' | 'release' | 'ignore';

/**
 * Whether `object` belongs to `owner`. An owner that is being deleted takes nothing new and lets nothing go; an object
 * that is being deleted changes hands no more.
 */
export function decideClaim(owner: ApiObject, object: ApiObject, matches: boolean): ClaimDecision {
  const controller = controllerOf(object);
  const deleting = owner.metadata?.deletionTimestamp !== undefined;
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata?.uid) return 'ignore';
    if (matches) return 'own';
    return deleting ? 'ignore' : 'release';
  }
  if (deleting || !matches || object.metadata?.deletionTimestamp !== undefined) return 'ignore';
  return owner.metadata?.namespace === object.metadata?.namespace ? 'adopt' : 'ignore';
}

export interface ClaimOptions<O extends ApiObject, T extends ApiObject> {
  readonly client: Client;
  readonly owner: O;
  readonly ownerRef: ResourceRef<O>;
  readonly ref: ResourceRef<T>;
  readonly matches: (object: T) => boolean;
  /** Put on what is adopted, and taken from what is released. */
  readonly finalizer?: string | undefined;
}

/**
 * Adopts the orphans among `objects` that the owner selects, releases what it owns and no longer selects, and returns
 * what is its own afterwards. Before the first adoption the owner is read from the server itself, so that one that was
 * deleted and made anew under the same name adopts nothing by mistake.
 */
export async function claim<O extends ApiObject, T extends ApiObject>(
  options: ClaimOptions<O, T>,
  objects: readonly T[],
): Promise<T[]> {
  const owned: T[] = [];
  let mayAdopt: Promise<boolean> | undefined;
  for (const object of objects) {
    const decision = decideClaim(options.owner, object, options.matches(object));
    if (decision === 'own') owned.push(object);
    else if (decision === 'release') await release(options, object);
    else if (decision === 'adopt') {
      mayAdopt ??= stillThere(options);
      if (await mayAdopt) {
        const adopted = await adopt(options, object);
        if (adopted !== undefined) owned.push(adopted);
      }
    }
  }
  return owned;
}

async function stillThere<O extends ApiObject, T extends ApiObject>(options: ClaimOptions<O, T>): Promise<boolean> {
  const { name, namespace, uid } = options.owner.metadata ?? {};
  try {
    const fresh = await options.client.resource(options.ownerRef).get(name!, namespace);
    return fresh.metadata?.uid === uid && fresh.metadata?.deletionTimestamp === undefined;
  } catch (thrown) {
    if (isNotFound(thrown)) return false;
    throw thrown;
  }
}

async function adopt<O extends ApiObject, T extends ApiObject>(
  options: ClaimOptions<O, T>,
  object: T,
): Promise<T | undefined> {
  const { name, namespace, uid } = object.metadata ?? {};
  const ownerReferences = [controllerReference(options.owner, options.ownerRef)];
  const finalizers = options.finalizer === undefined ? {} : { finalizers: [options.finalizer] };
  const patch = { metadata: { ownerReferences, uid, ...finalizers } };
  try {
    return await options.client.resource(options.ref).patch(name!, namespace, patch);
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}

async function release<O extends ApiObject, T extends ApiObject>(
  options: ClaimOptions<O, T>,
  object: T,
): Promise<void> {
  const { name, namespace, uid } = object.metadata ?? {};
  const ownerReferences = [{ $patch: 'delete', uid: options.owner.metadata?.uid }];
  const { finalizer } = options;
  const finalizers = finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [finalizer] };
  try {
    const patch = { metadata: { ownerReferences, uid, ...finalizers } };
    await options.client.resource(options.ref).patch(name!, namespace, patch);
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown;
  }
}
