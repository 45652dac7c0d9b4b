/** What is done about a claim: the volume it asks for, the one that is kept for it, the smallest that fits, or none. */
import { type Client, kubernetesResources, type SharedCache } from '@keelson/client';
import type { ControllerContext } from '@keelson/controller-kit';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { StorageClass } from '@keelson/model/generated/types/storage-v1.ts';
import { annotate, annotationOf, annotations, externalProvisioner } from './annotations.ts';
import { Binding } from './binding.ts';
import { classOfClaim, findVolume, isKeptFor, mismatch } from './match-volume.ts';

const { persistentVolumeClaims } = kubernetesResources;
const DEFAULT_MARKS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
/** A claim without a volume is looked at again: a volume may fit that changed in a way nobody tells of. */
const RESYNC = 15_000;

export interface StorageCaches {
  readonly volumes: SharedCache<PersistentVolume>;
  readonly claims: SharedCache<PersistentVolumeClaim>;
  readonly classes: SharedCache<StorageClass>;
  readonly pods: SharedCache<Pod>;
  readonly nodes: SharedCache<Node>;
  /** The pods that use a claim, by `namespace/name`. */
  podsOf(claim: string): readonly Pod[];
}

export class ClaimSync {
  readonly #context: ControllerContext;
  readonly #client: Client;
  readonly #binding: Binding;
  readonly #caches: StorageCaches;

  constructor(context: ControllerContext, caches: StorageCaches) {
    this.#context = context;
    this.#client = context.client;
    this.#binding = new Binding(context.client);
    this.#caches = caches;
  }

  async sync(claim: PersistentVolumeClaim): Promise<number | undefined> {
    if (claim.metadata?.deletionTimestamp !== undefined && claim.status?.phase !== 'Bound') return undefined;
    if (annotationOf(claim, annotations.bindCompleted) !== undefined) return this.#bound(claim);
    return claim.spec?.volumeName ? this.#named(claim, claim.spec.volumeName) : this.#unbound(claim);
  }

  #say(about: PersistentVolumeClaim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.recorder.event(about, type, reason, message);
  }

  async #unbound(claim: PersistentVolumeClaim): Promise<number | undefined> {
    const className = classOfClaim(claim);
    const found = this.#caches.classes.get(undefined, className);
    const waits = found?.volumeBindingMode === 'WaitForFirstConsumer';
    const node = waits ? this.#nodeOf(claim) : undefined;
    const volume = findVolume(claim, this.#caches.volumes.list(), waits, node);
    if (volume !== undefined) {
      await this.#binding.bind(volume, claim);
      return undefined;
    }
    if (await this.#takeDefaultClass(claim)) return undefined;
    await this.#binding.claimStatus(claim, 'Pending');
    if (waits && node === undefined) this.#sayWaiting(claim);
    else if (className !== '') return this.#provision(claim, className, found, node);
    else {
      const text = 'no persistent volumes available for this claim and no storage class is set';
      this.#say(claim, 'Normal', 'FailedBinding', text);
    }
    return RESYNC;
  }

  /** The node that the claim's volume has to be reached from: the scheduler's word, or where its first pod is. */
  #nodeOf(claim: PersistentVolumeClaim): Node | undefined {
    const key = `${claim.metadata!.namespace}/${claim.metadata!.name}`;
    const placed = this.#caches.podsOf(key).find((pod) => pod.spec?.nodeName);
    const name = annotationOf(claim, annotations.selectedNode) ?? placed?.spec?.nodeName;
    return name === undefined ? undefined : this.#caches.nodes.get(undefined, name);
  }

  #sayWaiting(claim: PersistentVolumeClaim): void {
    const key = `${claim.metadata!.namespace}/${claim.metadata!.name}`;
    const names = this.#caches
      .podsOf(key)
      .filter((pod) => !pod.spec?.nodeName)
      .map((pod) => pod.metadata!.name!);
    if (names.length === 0) {
      this.#say(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
    } else {
      const which = names.length === 1 ? `pod ${names[0]}` : `pods ${names.sort().join(',')}`;
      this.#say(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${which} to be scheduled`);
    }
  }

  /** A claim that was made before there was a default class gets it now. */
  async #takeDefaultClass(claim: PersistentVolumeClaim): Promise<boolean> {
    if (claim.spec?.storageClassName !== undefined) return false;
    if (annotationOf(claim, annotations.betaClass) !== undefined) return false;
    const [first] = this.#caches.classes
      .list()
      .filter((one) => DEFAULT_MARKS.some((mark) => annotationOf(one, mark) === 'true'))
      .sort((left, right) => {
        const order = Date.parse(right.metadata!.creationTimestamp!) - Date.parse(left.metadata!.creationTimestamp!);
        return order === 0 ? (left.metadata!.name! < right.metadata!.name! ? -1 : 1) : order;
      });
    if (first === undefined) return false;
    const spec = { ...claim.spec, storageClassName: first.metadata!.name! };
    await this.#client.resource(persistentVolumeClaims).update({ ...claim, spec } as PersistentVolumeClaim);
    return true;
  }

  /** Nothing here makes volumes: the claim is marked for whoever does, and says that it waits. */
  async #provision(
    claim: PersistentVolumeClaim,
    className: string,
    found: StorageClass | undefined,
    node: Node | undefined,
  ): Promise<number | undefined> {
    if (found === undefined) {
      const text = `storageclass.storage.k8s.io "${className}" not found`;
      this.#say(claim, 'Warning', 'ProvisioningFailed', text);
      return RESYNC;
    }
    const provisioner = externalProvisioner(found.provisioner);
    if (provisioner === undefined) {
      const none = found.provisioner === 'kubernetes.io/no-provisioner';
      // A class of volumes that people make is no fault: the claim waits for one.
      const text = none
        ? 'no persistent volumes available for this claim and no storage class is set'
        : `no volume plugin matched name: ${found.provisioner}`;
      this.#say(claim, none ? 'Normal' : 'Warning', none ? 'FailedBinding' : 'ProvisioningFailed', text);
      return RESYNC;
    }
    await this.#mark(claim, found.provisioner, provisioner, node);
    const text = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    this.#say(claim, 'Normal', 'ExternalProvisioning', text);
    return RESYNC;
  }

  async #mark(claim: PersistentVolumeClaim, own: string, provisioner: string, node: Node | undefined): Promise<void> {
    const selected = annotationOf(claim, annotations.selectedNode) ?? node?.metadata?.name;
    const wanted: Record<string, string> = {
      [annotations.provisioner]: provisioner,
      [annotations.betaProvisioner]: provisioner,
      ...(own === provisioner ? {} : { [annotations.migratedTo]: provisioner }),
      ...(selected === undefined ? {} : { [annotations.selectedNode]: selected }),
    };
    if (Object.entries(wanted).every(([name, value]) => annotationOf(claim, name) === value)) return;
    // The status was written a moment ago: what it is by then is what is marked.
    const resource = this.#client.resource(persistentVolumeClaims);
    const present = await resource.get(claim.metadata!.name!, claim.metadata!.namespace);
    if (present.metadata?.uid !== claim.metadata?.uid) return;
    await resource.update(annotate(present, wanted));
  }

  /** The claim says itself which volume it wants. */
  async #named(claim: PersistentVolumeClaim, name: string): Promise<number | undefined> {
    const volume = this.#caches.volumes.get(undefined, name);
    if (volume === undefined) {
      await this.#binding.claimStatus(claim, 'Pending');
      return RESYNC;
    }
    if (isKeptFor(volume, claim)) {
      await this.#binding.bind(volume, claim);
      return undefined;
    }
    if (volume.spec?.claimRef !== undefined) {
      this.#say(claim, 'Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`);
      await this.#binding.claimStatus(claim, 'Pending');
      return RESYNC;
    }
    const why = mismatch(volume, claim);
    if (why !== undefined) {
      this.#say(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`);
      await this.#binding.claimStatus(claim, 'Pending');
      return RESYNC;
    }
    await this.#binding.bind(volume, claim);
    return undefined;
  }

  async #bound(claim: PersistentVolumeClaim): Promise<number | undefined> {
    const name = claim.spec?.volumeName ?? '';
    const volume = name === '' ? undefined : this.#caches.volumes.get(undefined, name);
    if (volume === undefined) {
      const what = name === '' ? 'reference to PersistentVolume' : 'its PersistentVolume';
      if (claim.status?.phase !== 'Lost') {
        this.#say(claim, 'Warning', 'ClaimLost', `Bound claim has lost ${what}. Data on the volume is lost!`);
      }
      await this.#binding.claimStatus(claim, 'Lost');
      return undefined;
    }
    const reference = volume.spec?.claimRef;
    if (reference === undefined || reference.uid === claim.metadata!.uid || isKeptFor(volume, claim)) {
      await this.#binding.bind(volume, claim);
      return undefined;
    }
    if (claim.status?.phase !== 'Lost') {
      const text = 'Two claims are bound to the same volume, this one is bound incorrectly';
      this.#say(claim, 'Warning', 'ClaimMisbound', text);
    }
    await this.#binding.claimStatus(claim, 'Lost');
    return undefined;
  }
}
