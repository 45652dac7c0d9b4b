import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbidden, missing } from './refusal.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/**
 * NamespaceLifecycle: nothing is written into a namespace that does not exist, nothing is created in one that is being
 * terminated, and Kubernetes' own namespaces are not deleted.
 */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    const { group, resource } = request.resource;
    if (group === '' && resource === 'namespaces') {
      if (request.operation !== 'DELETE' || request.subresource !== '' || !immortal.has(request.name)) return;
      throw forbidden(request, 'this namespace may not be deleted');
    }
    if (request.namespace === '' || request.operation === 'DELETE' || request.operation === 'CONNECT') return;
    // To say whether the namespace exists would tell more than the review may.
    if (group === 'authorization.k8s.io' && resource === 'localsubjectaccessreviews') return;
    const namespace = this.#reader.get('', 'namespaces', '', request.namespace);
    if (namespace === undefined) throw missing('', 'namespaces', request.namespace);
    if (request.operation !== 'CREATE' || namespace['status']?.phase !== 'Terminating') return;
    throw forbidden(
      request,
      `unable to create new content in namespace ${request.namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${request.namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    );
  }
}
