import { kubernetesResources } from '@keelson/client';
import { ReplicaController } from '@keelson/controller-kit';
import type { ReplicationController } from '@keelson/model/generated/types/core-v1.ts';
import { selectorFromLabels } from '@keelson/model/selectors/label-selector.ts';

/** Keeps as many active pods as each ReplicationController asks for. */
export class ReplicationControllerController extends ReplicaController<ReplicationController> {
  constructor() {
    super({
      name: 'replication-controller',
      ref: kubernetesResources.replicationControllers,
      selectorOf: ({ spec }) => selectorFromLabels(spec?.selector),
    });
  }
}
