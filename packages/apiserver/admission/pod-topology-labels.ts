import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { isWriteTo } from './refusal.ts';

const labels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/**
 * PodTopologyLabels: a pod that is bound to a node gets the labels of the node's zone and region, which the downward API
 * can then show it (Kubernetes 1.35 and later).
 */
export class PodTopologyLabels implements AdmissionPlugin {
  readonly name = 'PodTopologyLabels';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    const { object } = request;
    if (request.operation !== 'CREATE' || object === undefined || !isWriteTo(request, '', 'pods', 'binding')) return;
    const target = object['target'] ?? {};
    if (target.kind !== undefined && target.kind !== '' && target.kind !== 'Node') return;
    const of = this.#reader.get('', 'nodes', '', target.name ?? '')?.metadata?.labels ?? {};
    const found = labels.filter((name) => Object.hasOwn(of, name));
    if (found.length === 0) return;
    object.metadata = { ...object.metadata };
    object.metadata.labels = {
      ...object.metadata.labels,
      ...Object.fromEntries(found.map((name) => [name, of[name]!])),
    };
  }
}
