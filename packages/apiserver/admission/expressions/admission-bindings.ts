import type { ApiObject, GroupVersionKind, Resource } from '@keelson/model';
import { authorizerValue, LazyBinding, requestResourceValue } from '@keelson/model/cel/index.ts';
import type { AdmissionRequest } from '../contract.ts';
import { kindOf, type RequestMatch } from '../matching/index.ts';

/** What expressions about a request see besides it. */
export interface Surroundings {
  readonly object: Readonly<ApiObject> | undefined;
  readonly previous: Readonly<ApiObject> | undefined;
  /** The parameters of a policy; null when it has a paramKind and none were found. */
  readonly params?: Readonly<ApiObject> | null;
  /** The request's namespace; null for what is in none. */
  readonly namespace: Readonly<ApiObject> | null;
}

function kindValue({ group, version, kind }: GroupVersionKind) {
  return { group, version, kind };
}

function resourceValue({ group, version, resource }: Resource) {
  return { group, version, resource };
}

/** Leaves out what is empty, as the API's objects do. */
function filled(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const empty = (value: unknown) => value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !empty(value)));
}

/** admission.k8s.io/v1 AdmissionRequest without uid and objects. */
function requestValue(request: AdmissionRequest, match: RequestMatch): Record<string, unknown> {
  const { user, resource, subresource, namespace, name, operation, dryRun, options } = request;
  return {
    kind: kindValue(match.kind),
    resource: resourceValue(match.resource),
    requestKind: kindValue(kindOf(request)),
    requestResource: resourceValue(resource),
    operation,
    dryRun,
    userInfo: filled({ username: user.name, uid: user.uid, groups: user.groups, extra: user.extra }),
    ...filled({
      subResource: subresource,
      requestSubResource: subresource,
      name: name || request.object?.metadata?.name,
      namespace,
      options,
    }),
  };
}

const hiddenMetadata = new Set(['managedFields', 'ownerReferences']);

function namespaceValue(namespace: Readonly<ApiObject>): Record<string, unknown> {
  const metadata = Object.entries(namespace.metadata ?? {}).filter(([name]) => !hiddenMetadata.has(name));
  return { metadata: Object.fromEntries(metadata), spec: namespace['spec'], status: namespace['status'] };
}

/** The variables of expressions of admission, made when they are read. */
export function admissionBindings(
  request: AdmissionRequest,
  match: RequestMatch,
  { object, previous, params, namespace }: Surroundings,
): Record<string, unknown> {
  const { group, resource } = request.resource;
  const { subresource, namespace: within, name } = request;
  const asked = { group, resource, subresource, namespace: within, name };
  return {
    object: object ?? null,
    oldObject: previous ?? null,
    request: new LazyBinding(() => requestValue(request, match)),
    namespaceObject: namespace === null ? null : new LazyBinding(() => namespaceValue(namespace)),
    params: params ?? null,
    authorizer: authorizerValue,
    'authorizer.requestResource': new LazyBinding(() => requestResourceValue(asked)),
  };
}
