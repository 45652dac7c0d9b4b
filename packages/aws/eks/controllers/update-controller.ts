import type { SharedCache } from '@keelson/client';
import { clusters, nodegroups, updates } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { Cluster, Nodegroup, Update } from '@keelson/model/region/object-types.ts';
import { clusterPhase } from '../cluster-view.ts';
import { memberName } from '../names.ts';
import { nodegroupPhase } from '../nodegroup-view.ts';

/** Tells how an update ended: with what it changed, once that has come to rest. */
export class UpdateController implements Controller {
  readonly name = 'eks-update';
  #context!: ControllerContext;
  #updates!: SharedCache<Update>;
  #clusters!: SharedCache<Cluster>;
  #nodegroups!: SharedCache<Nodegroup>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#updates = context.caches.of(updates);
    this.#clusters = context.caches.of(clusters);
    this.#nodegroups = context.caches.of(nodegroups);
    this.#updates.onChange((_, update) => update && context.queue.add(update.metadata.name!));
    const changed = (clusterName: string) => {
      for (const update of this.#updates.list()) {
        if (update.spec.clusterName === clusterName && update.status === undefined)
          context.queue.add(update.metadata.name!);
      }
    };
    this.#clusters.onChange((_, cluster) => cluster && changed(cluster.metadata.name!));
    this.#nodegroups.onChange((_, nodegroup) => nodegroup && changed(nodegroup.spec.clusterName));
  }

  async reconcile(name: string): Promise<undefined> {
    const update = this.#updates.get(undefined, name);
    if (update === undefined || update.status !== undefined) return undefined;
    const { clusterName, nodegroupName } = update.spec;
    const cluster = this.#clusters.get(undefined, clusterName);
    const nodegroup = this.#nodegroups.get(undefined, memberName(clusterName, nodegroupName ?? ''));
    const object = nodegroupName === undefined ? cluster : nodegroup;
    const phase =
      nodegroupName === undefined ? cluster && clusterPhase(cluster) : nodegroup && nodegroupPhase(nodegroup);
    // The watch of what is changed may be behind the watch of updates.
    if ((object?.metadata.generation ?? Number.POSITIVE_INFINITY) < update.spec.generation) return undefined;
    if (phase === 'UPDATING' || phase === 'CREATING') return undefined;
    const status =
      phase === 'ACTIVE'
        ? { phase: 'Successful', errors: [] }
        : {
            phase: 'Failed',
            errors: [
              {
                errorCode: 'OperationNotPermitted',
                errorMessage: `The resource is ${phase ?? 'gone'}`,
                resourceIds: [clusterName],
              },
            ],
          };
    await this.#context.client.resource(updates).updateStatus({ ...update, status });
    return undefined;
  }
}
