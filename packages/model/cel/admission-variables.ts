import {
  boolType,
  type CelType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from './cel-type.ts';
import { authorizerType, resourceCheckType } from './library/declaration.ts';

/** What expressions of admission (policies, webhooks' match conditions) can mention. */

function object(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return objectType(name, (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined));
}

const strings = listType(stringType);
const stringMap = mapType(stringType, stringType);
const kindType = object('kubernetes.GroupVersionKind', { group: stringType, version: stringType, kind: stringType });
const resourceType = object('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
});

/** The type of `request`: admission.k8s.io/v1 AdmissionRequest without uid, object and oldObject. */
export const admissionRequestType = object('kubernetes.AdmissionRequest', {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: object('kubernetes.UserInfo', {
    username: stringType,
    uid: stringType,
    groups: strings,
    extra: mapType(stringType, strings),
  }),
  dryRun: boolType,
  options: dynType,
});

/** The type of `namespaceObject`: core/v1 Namespace without managed fields and owners. */
export const admissionNamespaceType = object('kubernetes.Namespace', {
  metadata: object('kubernetes.NamespaceMetadata', {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: stringMap,
    annotations: stringMap,
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: strings,
  }),
  spec: object('kubernetes.NamespaceSpec', { finalizers: strings }),
  status: object('kubernetes.NamespaceStatus', {
    conditions: listType(
      object('kubernetes.NamespaceCondition', {
        status: stringType,
        type: stringType,
        lastTransitionTime: timestampType,
        message: stringType,
        reason: stringType,
      }),
    ),
    phase: stringType,
  }),
});

export interface AdmissionVariables {
  /** The policy has a paramKind. */
  readonly params: boolean;
  readonly authorizer: boolean;
}

/** The variables of one expression, as `CelEnvironment.variables` takes them. */
export function admissionVariables({ params, authorizer }: AdmissionVariables): Record<string, CelType> {
  return {
    object: dynType,
    oldObject: dynType,
    namespaceObject: admissionNamespaceType,
    request: admissionRequestType,
    ...(params ? { params: dynType } : {}),
    ...(authorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
  };
}
