import { kubernetesResources } from '@keelson/client';
import { ReplicaController } from '@keelson/controller-kit';
import type { ReplicaSet } from '@keelson/model/generated/types/apps-v1.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';

/** Keeps as many active pods as each ReplicaSet asks for. */
export class ReplicaSetController extends ReplicaController<ReplicaSet> {
  constructor() {
    super({
      name: 'replicaset-controller',
      ref: kubernetesResources.replicaSets,
      selectorOf: ({ spec }) => selectorFromObject(spec?.selector),
    });
  }
}
