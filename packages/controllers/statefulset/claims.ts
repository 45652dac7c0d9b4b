import { messageOf } from '@keelson/base';
import { isAlreadyExists, kubernetesResources, type SharedCache } from '@keelson/client';
import { type ControllerContext, controllerReference } from '@keelson/controller-kit';
import type { OwnerReference } from '@keelson/model';
import type { StatefulSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { PersistentVolumeClaim, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { claimsFor, isInRange, podName } from './pods.ts';

const { persistentVolumeClaims, pods, statefulSets } = kubernetesResources;

/** Who shall own a claim, as the set's retention policy has it: the set, the pod that is to go, or nobody. */
export function claimOwner(set: StatefulSet, pod: Pod | undefined, ordinal: number): OwnerReference | undefined {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenScaled === 'Delete' && !isInRange(set, ordinal)) return pod && controllerReference(pod, pods);
  return whenDeleted === 'Delete' ? controllerReference(set, statefulSets) : undefined;
}

/** True for a claim that is of a pod that went: the next pod must wait until it has gone too. */
export function isStale(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod | undefined,
  ordinal: number,
): boolean {
  if (claim.metadata?.deletionTimestamp !== undefined) return true;
  const name = podName(set, ordinal);
  const owners = claim.metadata?.ownerReferences ?? [];
  return owners.some((owner) => owner.kind === 'Pod' && owner.name === name && owner.uid !== pod?.metadata?.uid);
}

/** The references that a claim shall have; undefined when another manages it or it has them already. */
export function claimReferences(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod | undefined,
  ordinal: number,
): OwnerReference[] | undefined {
  const present = claim.metadata?.ownerReferences ?? [];
  const uids = new Set([set.metadata?.uid, pod?.metadata?.uid]);
  const others = present.filter(({ uid }) => !uids.has(uid));
  if (others.some(({ controller }) => controller === true)) return undefined;
  const owner = claimOwner(set, pod, ordinal);
  const ours = present.filter(({ uid }) => uids.has(uid));
  if (owner === undefined ? ours.length === 0 : ours.length === 1 && ours[0]!.uid === owner.uid) return undefined;
  return owner === undefined ? others : [...others, owner];
}

/** The claims of StatefulSets' pods: made before the pods, never deleted here. */
export class PodClaims {
  readonly #context: ControllerContext;
  readonly #claims: SharedCache<PersistentVolumeClaim>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#claims = context.caches.of(persistentVolumeClaims);
  }

  /** True when a claim that the ordinal's next pod would use is on its way out. */
  stale(set: StatefulSet, ordinal: number): boolean {
    return claimsFor(set, ordinal).some(({ metadata }) => {
      const claim = this.#claims.get(metadata!.namespace, metadata!.name!);
      return claim !== undefined && isStale(claim, set, undefined, ordinal);
    });
  }

  /** Makes the claims that are missing, and has those that are there owned by whom the policy says. */
  async ensure(set: StatefulSet, pod: Pod | undefined, ordinal: number, create: boolean): Promise<void> {
    for (const wanted of claimsFor(set, ordinal)) {
      const claim = this.#claims.get(wanted.metadata!.namespace, wanted.metadata!.name!);
      if (claim === undefined) {
        if (create) await this.#create(set, pod, ordinal, wanted);
        continue;
      }
      const ownerReferences = claimReferences(claim, set, pod, ordinal);
      if (ownerReferences === undefined) continue;
      const metadata = { ...claim.metadata, ownerReferences };
      await this.#context.client.resource(persistentVolumeClaims).update({ ...claim, metadata });
    }
  }

  async #create(set: StatefulSet, pod: Pod | undefined, ordinal: number, claim: PersistentVolumeClaim): Promise<void> {
    const { client, recorder } = this.#context;
    const owner = claimOwner(set, pod, ordinal);
    const metadata = { ...claim.metadata, ...(owner && { ownerReferences: [owner] }) };
    const [name, of] = [claim.metadata!.name, `Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata!.name}`];
    try {
      await client.resource(persistentVolumeClaims).create({ ...claim, metadata });
      recorder.event(set, 'Normal', 'SuccessfulCreate', `create Claim ${name} ${of} success`);
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return;
      const text = `create Claim ${name} for ${of} failed error: ${messageOf(thrown)}`;
      recorder.event(set, 'Warning', 'FailedCreate', text);
      throw thrown;
    }
  }
}
