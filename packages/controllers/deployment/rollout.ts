import { messageOf } from '@keelson/base';
import { isAlreadyExists, isNotFound, kubernetesResources } from '@keelson/client';
import {
  type ControllerContext,
  conditionOf,
  controllerReference,
  isControlledBy,
  isNamespaceTerminating,
  templateHash,
} from '@keelson/controller-kit';
import type { Deployment, DeploymentStatus, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { newestAnnotations, revisionAnnotation, revisionOf, sizeAnnotations } from './annotations.ts';
import { hasProgressDeadline, makeCondition, progressCondition, setCondition } from './conditions.ts';
import { specReplicas } from './replicas.ts';
import { findNewest, hashLabel, highestRevision, sameTemplate, surplusHistory } from './revisions.ts';
import { newestReplicas } from './rolling.ts';
import { countedStatus, sameStatus, withReplicaFailure } from './status.ts';

const { deployments, replicaSets } = kubernetesResources;

/** One pass over one deployment: what it has, and the writes that a pass consists of. */
export class Rollout {
  readonly #context: ControllerContext;
  /** As the server has it, with the conditions that this pass has to add. */
  deployment: Deployment;
  newest: ReplicaSet | undefined;
  old: ReplicaSet[];
  /** The status as it is on the server: what a change is measured against. */
  readonly #before: DeploymentStatus | undefined;

  constructor(context: ControllerContext, deployment: Deployment, owned: readonly ReplicaSet[]) {
    this.#context = context;
    this.deployment = deployment;
    this.#before = deployment.status;
    this.newest = findNewest(deployment, owned);
    this.old = owned.filter((replicaSet) => replicaSet !== this.newest);
  }

  get all(): ReplicaSet[] {
    return this.newest === undefined ? this.old : [...this.old, this.newest];
  }

  get #now(): number {
    return this.#context.world.clock.now();
  }

  /** Brings the newest ReplicaSet's annotations and the deployment's revision up to date; makes it when `create` says so. */
  async syncRevision(create: boolean): Promise<void> {
    const revision = highestRevision(this.old) + 1;
    if (this.newest !== undefined) {
      this.newest = await this.#refreshed(this.newest, revision);
      await this.#recordRevision(revisionOf(this.newest));
      if (hasProgressDeadline(this.deployment) && !conditionOf(this.deployment.status?.conditions, 'Progressing'))
        this.condition('True', 'FoundNewReplicaSet', `Found new replica set ${quoted(this.newest)}`);
      return;
    }
    if (!create) return;
    this.newest = await this.#create(revision);
    if (this.newest !== undefined) await this.#recordRevision(revision);
  }

  /** Adds a Progressing condition to what the pass will write. */
  condition(status: 'True' | 'False' | 'Unknown', reason: string, message: string): void {
    const made = makeCondition('Progressing', status, reason, message, this.#now);
    const conditions = [...setCondition(this.deployment.status?.conditions ?? [], made)];
    this.deployment = { ...this.deployment, status: { ...this.deployment.status, conditions } };
  }

  /** Makes a ReplicaSet want `replicas`, and notes the deployment's size on it. True when the number has changed. */
  async scale(replicaSet: ReplicaSet, replicas: number): Promise<boolean> {
    const annotations = { ...replicaSet.metadata?.annotations, ...sizeAnnotations(this.deployment) };
    const from = specReplicas(replicaSet);
    const noted = Object.entries(annotations).every(
      ([key, value]) => replicaSet.metadata?.annotations?.[key] === value,
    );
    if (from === replicas && noted) return false;
    const scaled = await this.#context.client.resource(replicaSets).update({
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec!, replicas },
    });
    if (replicaSet === this.newest) this.newest = scaled;
    else this.old = this.old.map((other) => (other === replicaSet ? scaled : other));
    if (from !== replicas) this.#scaled(replicaSet.metadata!.name!, from, replicas);
    return from !== replicas;
  }

  /** Deletes what the history has no room for. */
  async cleanUp(): Promise<void> {
    for (const { metadata } of surplusHistory(this.deployment, this.old)) {
      const preconditions = { uid: metadata!.uid! };
      await this.#context.client
        .resource(replicaSets)
        .delete(metadata!.name!, metadata!.namespace, { preconditions })
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
  }

  /** Writes the status when it says something new; `judged` has the progress of the rollout judged too. */
  async report(judged: boolean): Promise<DeploymentStatus> {
    let status = countedStatus(this.deployment, this.newest, this.all, this.#now);
    if (judged) {
      status = { ...status, conditions: [...progressCondition(this.deployment, status, this.newest, this.#now)] };
      status = withReplicaFailure(status, this.newest, this.all);
    }
    if (!sameStatus(this.#before, status)) await this.#writeStatus(status);
    return status;
  }

  async #writeStatus(status: DeploymentStatus): Promise<void> {
    await this.#context.client.resource(deployments).updateStatus({ ...this.deployment, status });
  }

  async #refreshed(replicaSet: ReplicaSet, revision: number): Promise<ReplicaSet> {
    const annotations = newestAnnotations(this.deployment, replicaSet, revision);
    const minReadySeconds = this.deployment.spec?.minReadySeconds ?? 0;
    const same = Object.entries(annotations).every(([key, value]) => replicaSet.metadata?.annotations?.[key] === value);
    if (same && (replicaSet.spec?.minReadySeconds ?? 0) === minReadySeconds) return replicaSet;
    return this.#context.client.resource(replicaSets).update({
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec!, minReadySeconds },
    });
  }

  async #recordRevision(revision: number): Promise<void> {
    if (revisionOf(this.deployment) === revision) return;
    const annotations = { ...this.deployment.metadata?.annotations, [revisionAnnotation]: String(revision) };
    const patched = await this.#context.client
      .resource(deployments)
      .update({ ...this.deployment, metadata: { ...this.deployment.metadata, annotations } });
    // The spec this pass was planned for stays; only what the server now has of the metadata is taken over.
    const metadata = { ...patched.metadata, generation: this.deployment.metadata?.generation };
    this.deployment = { ...this.deployment, metadata };
  }

  async #create(revision: number): Promise<ReplicaSet | undefined> {
    const wanted = this.#newReplicaSet(revision);
    const name = wanted.metadata!.name!;
    try {
      const created = await this.#context.client.resource(replicaSets).create(wanted);
      if (specReplicas(wanted) > 0) this.#scaled(name, 0, specReplicas(wanted));
      if (hasProgressDeadline(this.deployment))
        this.condition('True', 'NewReplicaSetCreated', `Created new replica set ${quoted(created)}`);
      return created;
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return this.#collided(name);
      if (isNamespaceTerminating(thrown)) throw thrown;
      const message = `Failed to create new replica set ${JSON.stringify(name)}: ${messageOf(thrown)}`;
      if (hasProgressDeadline(this.deployment)) {
        this.condition('False', 'ReplicaSetCreateError', message);
        await this.#writeStatus({ ...this.deployment.status });
      }
      this.#context.recorder.event(this.deployment, 'Warning', 'ReplicaSetCreateError', message);
      throw thrown;
    }
  }

  #newReplicaSet(revision: number): ReplicaSet {
    const { deployment } = this;
    const { name, namespace } = deployment.metadata!;
    const template = structuredClone(deployment.spec!.template);
    const hash = templateHash(template, deployment.status?.collisionCount);
    const labels = { ...template.metadata?.labels, [hashLabel]: hash };
    const selector = structuredClone(deployment.spec!.selector);
    selector.matchLabels = { ...selector.matchLabels, [hashLabel]: hash };
    return {
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: newestAnnotations(deployment, undefined, revision),
        ownerReferences: [controllerReference(deployment, deployments)],
      },
      spec: {
        replicas: newestReplicas(deployment, this.old, 0),
        minReadySeconds: deployment.spec?.minReadySeconds ?? 0,
        selector,
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
  }

  /** The name is taken: by our own ReplicaSet that the cache has not shown yet, or by another, then we need another name. */
  async #collided(name: string): Promise<ReplicaSet> {
    const client = this.#context.client;
    const present = await client.resource(replicaSets).get(name, this.deployment.metadata!.namespace);
    const ours = isControlledBy(present, this.deployment);
    if (ours && sameTemplate(present.spec?.template, this.deployment.spec?.template)) return present;
    const collisionCount = (this.deployment.status?.collisionCount ?? 0) + 1;
    await this.#writeStatus({ ...this.deployment.status, collisionCount });
    throw new Error(`replica set name ${JSON.stringify(name)} is taken; collisionCount is now ${collisionCount}`);
  }

  #scaled(name: string, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${name} from ${from} to ${to}`;
    this.#context.recorder.event(this.deployment, 'Normal', 'ScalingReplicaSet', message);
  }
}

function quoted(replicaSet: ReplicaSet): string {
  return JSON.stringify(replicaSet.metadata?.name);
}
