import { type ApiObject, sameValue } from '@keelson/model';
import { quoted } from '../authentication/quoted.ts';
import type { Authorizer } from '../authorization/contract.ts';
import { nodeNameOf } from '../authorization/node-identity.ts';
import { podReferences } from '../authorization/pod-references.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbiddenLabels } from './node-restriction-labels.ts';
import { audienceRefusal } from './node-token-audience.ts';
import { forbidden, missing, nameOf } from './refusal.ts';
import { isMirrorPod } from './service-account.ts';

const leaseNamespace = 'kube-node-lease';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** NodeRestriction: what a node may write is its own: its Node, its lease, its pods' status, mirror pods, its pods' tokens. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #reader: ObjectReader;
  readonly #authorizer: Authorizer;

  /** @param authorizer decides about tokens for audiences that no volume of the pod asks for */
  constructor(reader: ObjectReader, authorizer: Authorizer) {
    this.#reader = reader;
    this.#authorizer = authorizer;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    const node = nodeNameOf(request.user);
    if (node === undefined || request.operation === 'CONNECT') return;
    if (node === '') throw forbidden(request, `could not determine node from user ${quoted(request.user.name)}`);
    const { group, resource } = request.resource;
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'pods':
        return this.#pods(node, request);
      case 'nodes':
        return admitNode(node, request);
      case 'persistentvolumeclaims':
        return admitClaim(node, request);
      case 'serviceaccounts':
        return this.#serviceAccount(node, request);
      case 'leases.coordination.k8s.io':
        return admitLease(node, request);
      case 'csinodes.storage.k8s.io':
        if (nameOf(request) === node) return;
        throw forbidden(request, 'can only access CSINode with the same name as the requesting node');
      case 'resourceslices.resource.k8s.io':
        return admitSlice(node, request);
    }
  }

  #pods(node: string, request: AdmissionRequest): void {
    const { operation, subresource } = request;
    if (subresource === 'status') admitPodStatus(node, request);
    else if (subresource === 'eviction') this.#eviction(node, request);
    else if (subresource !== '') {
      const text = `unexpected pod subresource ${quoted(subresource)}, only 'status' and 'eviction' are allowed`;
      throw forbidden(request, text);
    } else if (operation === 'CREATE') this.#podCreate(node, request);
    else if (operation === 'DELETE') {
      if (this.#pod(request.namespace, request.name)['spec']?.nodeName === node) return;
      throw forbidden(request, `node ${quoted(node)} can only delete pods with spec.nodeName set to itself`);
    } else {
      const text = `unexpected operation ${quoted(operation)}, node ${quoted(node)} can only create and delete mirror pods`;
      throw forbidden(request, text);
    }
  }

  #podCreate(node: string, request: AdmissionRequest): void {
    const pod = request.object ?? {};
    const name = quoted(node);
    if (!isMirrorPod(pod)) {
      const text = `pod does not have ${quoted(mirrorAnnotation)} annotation, node ${name} can only create mirror pods`;
      throw forbidden(request, text);
    }
    const spec = pod['spec'] ?? {};
    if (spec.nodeName !== node) {
      throw forbidden(request, `node ${name} can only create pods with spec.nodeName set to itself`);
    }
    this.#podOwner(node, request, pod);
    const refuse = (what: string) => forbidden(request, `node ${name} can not create pods that reference ${what}`);
    if (spec.serviceAccountName) throw refuse('a service account');
    const references = podReferences(pod);
    if (references.some(({ resource }) => resource === 'secrets')) throw refuse('secrets');
    if (references.some(({ resource }) => resource === 'configmaps')) throw refuse('configmaps');
    for (const volume of spec.volumes ?? []) {
      const sources: readonly Record<string, unknown>[] = volume.projected?.sources ?? [];
      if (sources.some((source) => source['clusterTrustBundle'])) throw refuse('clustertrustbundles');
    }
    if ((spec.volumes ?? []).some((volume: any) => volume.persistentVolumeClaim))
      throw refuse('persistentvolumeclaims');
    if ((spec.resourceClaims ?? []).length > 0) throw refuse('resourceclaims');
  }

  #podOwner(node: string, request: AdmissionRequest, pod: Readonly<ApiObject>): void {
    const name = quoted(node);
    const owners = pod.metadata?.ownerReferences ?? [];
    if (owners.length > 1) {
      throw forbidden(request, `node ${name} can only create pods with a single owner reference set to itself`);
    }
    const owner = owners[0];
    if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
      throw forbidden(request, `node ${name} can only create pods with an owner reference set to itself`);
    }
    if (owner.controller !== true) {
      throw forbidden(request, `node ${name} can only create pods with a controller owner reference set to itself`);
    }
    if (owner.blockOwnerDeletion === true) {
      throw forbidden(request, `node ${name} must not set blockOwnerDeletion on an owner reference`);
    }
    const own = this.#reader.get('', 'nodes', '', node);
    if (own === undefined) throw missing('', 'node', node);
    if (own.metadata?.uid === owner.uid) return;
    throw forbidden(request, `node ${node} UID mismatch: expected ${owner.uid} got ${own.metadata?.uid ?? ''}`);
  }

  #eviction(node: string, request: AdmissionRequest): void {
    if (request.operation !== 'CREATE') throw forbidden(request, `unexpected operation ${request.operation}`);
    const name = nameOf(request);
    if (name === undefined) throw forbidden(request, 'could not determine pod from request data');
    if (this.#pod(request.namespace, name)['spec']?.nodeName === node) return;
    throw forbidden(request, `node ${node} can only evict pods with spec.nodeName set to itself`);
  }

  #pod(namespace: string, name: string): Readonly<ApiObject> {
    const pod = this.#reader.get('', 'pods', namespace, name);
    if (pod === undefined) throw missing('', 'pod', name);
    return pod;
  }

  async #serviceAccount(node: string, request: AdmissionRequest): Promise<void> {
    if (request.operation !== 'CREATE' || request.subresource !== 'token') return;
    const spec = request.object?.['spec'] ?? {};
    const bound = spec.boundObjectRef;
    if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name) {
      throw forbidden(request, 'node requested token not bound to a pod');
    }
    if (!bound.uid) throw forbidden(request, 'node requested token with a pod binding without a uid');
    const pod = this.#pod(request.namespace, bound.name);
    if (pod.metadata?.uid !== bound.uid) {
      const text = `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
      throw forbidden(request, text);
    }
    if (pod['spec']?.nodeName !== node) {
      throw forbidden(request, 'node requested token bound to a pod scheduled on a different node');
    }
    const refusal = await audienceRefusal(this.#reader, this.#authorizer, request, pod, spec.audiences ?? []);
    if (refusal !== undefined) throw forbidden(request, refusal);
  }
}

function admitPodStatus(node: string, request: AdmissionRequest): void {
  if (request.operation !== 'UPDATE') throw forbidden(request, `unexpected operation ${quoted(request.operation)}`);
  const { previous = {}, object = {} } = request;
  const refuse = (text: string) => forbidden(request, `node ${quoted(node)} ${text}`);
  if (previous['spec']?.nodeName !== node) {
    throw refuse('can only update pod status for pods with spec.nodeName set to itself');
  }
  if (!sameValue(previous.metadata?.labels ?? {}, object.metadata?.labels ?? {})) {
    throw refuse('cannot update labels through pod status');
  }
  const claims = (pod: Readonly<ApiObject>) => pod['status']?.resourceClaimStatuses ?? [];
  if (!sameValue(claims(previous), claims(object))) throw refuse('cannot update resource claim statues');
  const extended = (pod: Readonly<ApiObject>) => pod['status']?.extendedResourceClaimStatus ?? null;
  if (!sameValue(extended(previous), extended(object))) {
    throw refuse('cannot update extended resource claim statuses');
  }
}

function admitNode(node: string, request: AdmissionRequest): void {
  const name = nameOf(request) ?? '';
  const own = quoted(node);
  if (name !== node) throw forbidden(request, `node ${own} is not allowed to modify node ${quoted(name)}`);
  const { object = {}, previous = {} } = request;
  if (request.operation === 'CREATE') {
    if (object['spec']?.configSource) {
      throw forbidden(request, `node ${own} is not allowed to create pods with a non-nil configSource`);
    }
    const labels = forbiddenLabels(object.metadata?.labels, undefined);
    if (labels.length > 0) {
      throw forbidden(request, `node ${own} is not allowed to set the following labels: ${labels.join(', ')}`);
    }
  }
  if (request.operation !== 'UPDATE') return;
  const source = object['spec']?.configSource;
  if (source && !sameValue(source, previous['spec']?.configSource)) {
    throw forbidden(request, `node ${own} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!sameValue(object['spec']?.taints ?? [], previous['spec']?.taints ?? [])) {
    throw forbidden(request, `node ${own} is not allowed to modify taints`);
  }
  if (!sameValue(object.metadata?.ownerReferences ?? [], previous.metadata?.ownerReferences ?? [])) {
    throw forbidden(request, `node ${own} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenLabels(object.metadata?.labels, previous.metadata?.labels);
  if (labels.length > 0) throw forbidden(request, `is not allowed to modify labels: ${labels.join(', ')}`);
}

function admitClaim(node: string, request: AdmissionRequest): void {
  if (request.subresource !== 'status') throw forbidden(request, 'may only update PVC status');
  if (request.operation !== 'UPDATE') throw forbidden(request, `unexpected operation ${quoted(request.operation)}`);
  if (sameValue(fixedPart(request.previous ?? {}), fixedPart(request.object ?? {}))) return;
  const text = `node ${quoted(node)} is not allowed to update fields other than status.quantity and status.conditions`;
  throw forbidden(request, text);
}

/** A claim without what a node may report of it. */
function fixedPart(claim: Readonly<ApiObject>): unknown {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = claim.metadata ?? {};
  const {
    capacity: _capacity,
    conditions: _conditions,
    allocatedResources: _resources,
    allocatedResourceStatuses: _statuses,
    ...status
  } = claim['status'] ?? {};
  return { metadata, spec: claim['spec'], status };
}

function admitLease(node: string, request: AdmissionRequest): void {
  if (request.namespace !== leaseNamespace) {
    throw forbidden(request, `can only access leases in the ${quoted(leaseNamespace)} system namespace`);
  }
  if (nameOf(request) === node) return;
  throw forbidden(request, 'can only access node lease with the same name as the requesting node');
}

function admitSlice(node: string, request: AdmissionRequest): void {
  if (request.operation !== 'CREATE' || request.object?.['spec']?.nodeName === node) return;
  throw forbidden(request, 'can only create ResourceSlice with the same NodeName as the requesting node');
}
