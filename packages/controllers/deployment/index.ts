import { keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  type Controller,
  type ControllerContext,
  claim,
  conditionOf,
  controllerOf,
  controllerUidOrOrphan,
  isPodFinished,
} from '@keelson/controller-kit';
import type { Deployment, DeploymentStatus, ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';
import { hasProgressDeadline, isComplete, progressDeadline } from './conditions.ts';
import { specReplicas, wantedReplicas } from './replicas.ts';
import { newestReplicas, oldScalings } from './rolling.ts';
import { Rollout } from './rollout.ts';
import { isScalingEvent, scalings } from './scaling.ts';

const { deployments, pods, replicaSets } = kubernetesResources;

/** Brings each Deployment's ReplicaSets to its template and size, step by step within the bounds of its strategy. */
export class DeploymentController implements Controller {
  readonly name = 'deployment-controller';
  #context!: ControllerContext;
  #deployments!: SharedCache<Deployment>;
  #replicaSets!: SharedCache<ReplicaSet>;
  #pods!: SharedCache<Pod>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#deployments = context.caches.of(deployments);
    this.#replicaSets = context.caches.of(replicaSets);
    this.#pods = context.caches.of(pods);
    this.#replicaSets.index('controller', controllerUidOrOrphan);
    this.#pods.index('controller', controllerUidOrOrphan);
    this.#deployments.onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
    this.#replicaSets.onChange((before, now) => {
      for (const replicaSet of [before, now]) if (replicaSet !== undefined) this.#replicaSetChanged(replicaSet);
    });
    this.#pods.onChange((before, now) => {
      if (now === undefined || isPodFinished(now)) this.#podEnded((now ?? before)!);
    });
  }

  #replicaSetChanged(replicaSet: ReplicaSet): void {
    const owner = this.#ownerOf(replicaSet);
    if (owner !== undefined) this.#context.queue.add(keyOf(owner));
    else if (controllerOf(replicaSet) === undefined)
      for (const candidate of this.#deployments.list(replicaSet.metadata?.namespace))
        if (selectorFromObject(candidate.spec?.selector).matches(replicaSet.metadata?.labels))
          this.#context.queue.add(keyOf(candidate));
  }

  /** Recreate waits for the last old pod. */
  #podEnded(pod: Pod): void {
    const reference = controllerOf(pod);
    const replicaSet = reference && this.#replicaSets.get(pod.metadata?.namespace, reference.name);
    const owner = replicaSet && this.#ownerOf(replicaSet);
    if (owner?.spec?.strategy?.type === 'Recreate') this.#context.queue.add(keyOf(owner));
  }

  #ownerOf(replicaSet: ReplicaSet): Deployment | undefined {
    const reference = controllerOf(replicaSet);
    if (reference?.kind !== 'Deployment') return undefined;
    const deployment = this.#deployments.get(replicaSet.metadata?.namespace, reference.name);
    return deployment?.metadata?.uid === reference.uid ? deployment : undefined;
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const deployment = this.#deployments.get(namespace, name);
    if (deployment === undefined) return undefined;
    const selector = selectorFromObject(deployment.spec?.selector);
    if (selector.empty) return this.#selectsEverything(deployment);
    const index = this.#replicaSets.index('controller', controllerUidOrOrphan);
    const owned = await claim(
      {
        client: this.#context.client,
        owner: deployment,
        ownerRef: deployments,
        ref: replicaSets,
        matches: (replicaSet) => selector.matches(replicaSet.metadata?.labels),
      },
      [...index.get(deployment.metadata!.uid!), ...index.get(`orphan/${namespace}`)],
    );
    const rollout = new Rollout(this.#context, deployment, owned);
    const status = await this.#pass(rollout);
    return this.#lookAgain(rollout.deployment, status);
  }

  async #pass(rollout: Rollout): Promise<DeploymentStatus> {
    const { deployment } = rollout;
    if (deployment.metadata?.deletionTimestamp !== undefined) return rollout.report(false);
    this.#notePause(rollout);
    if (deployment.spec?.paused || isScalingEvent(deployment, rollout.all)) {
      await rollout.syncRevision(false);
      for (const { replicaSet, replicas } of scalings(deployment, rollout.newest, rollout.old))
        await rollout.scale(replicaSet, replicas);
      if (deployment.spec?.paused) await rollout.cleanUp();
      return rollout.report(false);
    }
    const moved =
      deployment.spec?.strategy?.type === 'Recreate' ? await this.#recreate(rollout) : await this.#roll(rollout);
    if (!moved && isComplete(rollout.deployment, rollout.deployment.status ?? {})) await rollout.cleanUp();
    return rollout.report(true);
  }

  /** One step of a rolling update; false when there is none to take now. */
  async #roll(rollout: Rollout): Promise<boolean> {
    await rollout.syncRevision(true);
    const { deployment, newest } = rollout;
    if (newest !== undefined) {
      const replicas = newestReplicas(deployment, rollout.all, specReplicas(newest));
      if (specReplicas(newest) !== replicas && (await rollout.scale(newest, replicas))) return true;
    }
    const steps = oldScalings(deployment, rollout.newest, rollout.old);
    for (const { replicaSet, replicas } of steps) await rollout.scale(replicaSet, replicas);
    return steps.length > 0;
  }

  /** One step of a replacement at once: the old ones down, then wait for their pods, then the new one up. */
  async #recreate(rollout: Rollout): Promise<boolean> {
    await rollout.syncRevision(false);
    const active = rollout.old.filter((replicaSet) => specReplicas(replicaSet) > 0);
    for (const replicaSet of active) await rollout.scale(replicaSet, 0);
    if (active.length > 0) return true;
    const index = this.#pods.index('controller', controllerUidOrOrphan);
    const running = rollout.old.some(({ metadata }) => index.get(metadata!.uid!).some((pod) => !isPodFinished(pod)));
    if (running) return true;
    if (rollout.newest === undefined) await rollout.syncRevision(true);
    if (rollout.newest === undefined) return false;
    return rollout.scale(rollout.newest, wantedReplicas(rollout.deployment));
  }

  #notePause(rollout: Rollout): void {
    const { deployment } = rollout;
    const condition = conditionOf(deployment.status?.conditions, 'Progressing');
    if (!hasProgressDeadline(deployment) || condition?.reason === 'ProgressDeadlineExceeded') return;
    const noted = condition?.reason === 'DeploymentPaused';
    if (deployment.spec?.paused && !noted) rollout.condition('Unknown', 'DeploymentPaused', 'Deployment is paused');
    if (!deployment.spec?.paused && noted) rollout.condition('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  }

  /** When a rollout that stands still has to be judged, nothing else may come by to remind us. */
  #lookAgain(deployment: Deployment, status: DeploymentStatus): number | undefined {
    const deadline = progressDeadline(deployment, status.conditions ?? []);
    if (deadline === undefined || deployment.spec?.paused || isComplete(deployment, status)) return undefined;
    return Math.max(deadline - this.#context.world.clock.now(), 0) + 1000;
  }

  async #selectsEverything(deployment: Deployment): Promise<undefined> {
    const message = 'This deployment is selecting all pods. A non-empty selector is required.';
    this.#context.recorder.event(deployment, 'Warning', 'SelectingAll', message);
    const { generation } = deployment.metadata ?? {};
    if ((deployment.status?.observedGeneration ?? 0) >= (generation ?? 0)) return;
    const status = { ...deployment.status, observedGeneration: generation };
    await this.#context.client.resource(deployments).updateStatus({ ...deployment, status });
  }
}
