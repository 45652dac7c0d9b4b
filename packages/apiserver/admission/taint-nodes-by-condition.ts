import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { isWriteTo } from './refusal.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** TaintNodesByCondition: a new node takes no pods before it is ready; the node controller removes the taint then. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition';

  mutate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || request.object === undefined || !isWriteTo(request, '', 'nodes')) return;
    const spec = (request.object['spec'] ??= {});
    const taints: readonly { key?: string; effect?: string }[] = spec.taints ?? [];
    if (taints.some((taint) => taint.key === notReady.key && taint.effect === notReady.effect)) return;
    spec.taints = [...taints, { ...notReady }];
  }
}
