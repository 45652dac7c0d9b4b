import { type ApiObject, type OwnerReference, type ResourceCatalogue, sameValue } from '@keelson/model';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbidden } from './refusal.ts';

/** Writes that are let pass: the scheduler and kubelets write statuses of what they cannot delete. */
const exempt = new Set(['pods/status']);

/**
 * OwnerReferencesPermissionEnforcement: who gives an object that is there to other owners must be allowed to delete it,
 * and who has an owner wait for it must be allowed to set the owner's finalizers. Not among kube-apiserver's default
 * plug-ins.
 */
export class OwnerReferencesPermissionEnforcement implements AdmissionPlugin {
  readonly name = 'OwnerReferencesPermissionEnforcement';
  readonly #authorizer: Authorizer;
  readonly #catalogue: ResourceCatalogue;

  constructor(authorizer: Authorizer, catalogue: ResourceCatalogue) {
    this.#authorizer = authorizer;
    this.#catalogue = catalogue;
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    const { operation, object, previous, resource, subresource } = request;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return;
    if (resource.group === '' && exempt.has(`${resource.resource}/${subresource}`)) return;
    if (sameValue(ownersOf(object), ownersOf(previous))) return;
    return this.#check(request);
  }

  async #check(request: AdmissionRequest): Promise<void> {
    const { operation, object, previous } = request;
    if (operation === 'UPDATE') await this.#checkDeletion(request);
    for (const reference of newlyBlocking(ownersOf(object), ownersOf(previous)))
      await this.#checkFinalizers(request, reference);
  }

  async #checkDeletion(request: AdmissionRequest): Promise<void> {
    const { resource, subresource, namespace, name, user } = request;
    const { group, version } = resource;
    const attributes: Attributes = {
      ...{ user, verb: 'delete', resourceRequest: true, namespace, apiGroup: group, apiVersion: version },
      ...{ resource: resource.resource, subresource, name, path: '' },
    };
    const { decision, reason } = await this.#authorizer.authorize(attributes);
    if (decision !== 'allow')
      throw forbidden(request, `cannot set an ownerRef on a resource you can't delete: ${reason}, <nil>`);
  }

  async #checkFinalizers(request: AdmissionRequest, reference: OwnerReference): Promise<void> {
    const { apiVersion = '', kind = '', name = '' } = reference;
    const [first = '', second] = apiVersion.split('/', 2);
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const owner = this.#catalogue.findKind(group, version, kind);
    if (owner === undefined)
      throw forbidden(
        request,
        `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`,
      );
    const namespace = owner.namespaced ? request.namespace : '';
    const attributes: Attributes = {
      ...{ user: request.user, verb: 'update', resourceRequest: true, namespace, apiGroup: group, apiVersion: version },
      ...{ resource: owner.resource, subresource: 'finalizers', name, path: '' },
    };
    const { decision, reason } = await this.#authorizer.authorize(attributes);
    if (decision !== 'allow')
      throw forbidden(
        request,
        `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reason}, <nil>`,
      );
  }
}

function ownersOf(object: Readonly<ApiObject> | undefined): readonly OwnerReference[] {
  return object?.metadata?.ownerReferences ?? [];
}

/** The references that block their owner's deletion and did not before. */
function newlyBlocking(now: readonly OwnerReference[], before: readonly OwnerReference[]): OwnerReference[] {
  const blocked = new Set(before.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true).map(({ uid }) => uid));
  return now.filter(({ blockOwnerDeletion, uid }) => blockOwnerDeletion === true && !blocked.has(uid));
}
