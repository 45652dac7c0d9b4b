import type { GroupVersionKind, Resource, Subresource } from '../resources.ts';
import { listTypeOf } from '../tables/struct-type.ts';
import { type Schema, schemaName } from './schema.ts';

/** What OpenAPI says of the requests that a resource answers. */
export type PathItem = Record<string, unknown>;

const answerTypes = ['application/json', 'application/yaml'];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];
const connectMethods: Readonly<Record<string, string>> = {
  create: 'post',
  delete: 'delete',
  get: 'get',
  patch: 'patch',
  update: 'put',
};

function parameter(name: string, type: 'string' | 'boolean' | 'integer', place: 'query' | 'path' = 'query'): Schema {
  const schema = { type, uniqueItems: true };
  return place === 'path' ? { name, in: place, required: true, schema } : { name, in: place, schema };
}

const pretty = parameter('pretty', 'string');
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => parameter(name, 'string'));
const listParameters = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue', 'string'),
  parameter('fieldSelector', 'string'),
  parameter('labelSelector', 'string'),
  parameter('limit', 'integer'),
  parameter('resourceVersion', 'string'),
  parameter('resourceVersionMatch', 'string'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
];
const deleteParameters = [
  parameter('dryRun', 'string'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
];

function content(types: readonly string[], schema: string): Schema {
  return Object.fromEntries(types.map((type) => [type, { schema: { $ref: `#/components/schemas/${schema}` } }]));
}

function responses(codes: readonly string[], schema: string | undefined, extra: readonly string[] = []): Schema {
  const texts: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
  const answer = schema === undefined ? {} : { content: content([...answerTypes, ...extra], schema) };
  return {
    ...Object.fromEntries(codes.map((code) => [code, { description: texts[code], ...answer }])),
    401: { description: 'Unauthorized' },
  };
}

interface Operation {
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly parameters?: readonly Schema[];
  readonly body?: Schema;
  readonly responses: Schema;
  readonly id: string;
}

function operation({ action, kind, parameters, body, responses: answers, id }: Operation): Schema {
  return {
    operationId: id,
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: body } }),
    responses: answers,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  };
}

/** `AppsV1NamespacedDeployment`: what the ids of a resource's operations end in. */
function operationName({ group, version, kind, namespaced }: Resource): string {
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
  const first = group === '' ? 'core' : group.split('.')[0]!;
  return `${capital(first)}${capital(version)}${namespaced ? 'Namespaced' : ''}${kind}`;
}

/** The schema of a resource's list. */
export function listName({ group, version, type, listKind }: Resource): string {
  return schemaName(listKind === undefined ? listTypeOf(type) : `${group}/${version}.${listKind}`);
}

function collectionItem(resource: Resource, name: string): PathItem {
  const { verbs } = resource;
  const item: PathItem = {};
  const own = schemaName(resource.type);
  if (verbs.includes('list')) item['get'] = listOperation(resource, `list${name}`);
  if (verbs.includes('create')) {
    item['post'] = operation({
      action: 'post',
      kind: resource,
      id: `create${name}`,
      parameters: writeParameters,
      body: content(['*/*'], own),
      responses: responses(['200', '201', '202'], own),
    });
  }
  if (verbs.includes('deletecollection')) {
    item['delete'] = operation({
      action: 'deletecollection',
      kind: resource,
      id: `deleteCollection${name}`,
      parameters: [...deleteParameters, ...listParameters.slice(1, -1)],
      body: content(['*/*'], schemaName('meta/v1.DeleteOptions')),
      responses: responses(['200'], schemaName('meta/v1.Status')),
    });
  }
  return item;
}

function listOperation(resource: Resource, id: string): Schema {
  return operation({
    action: 'list',
    kind: resource,
    id,
    parameters: listParameters,
    responses: responses(['200'], listName(resource), ['application/json;stream=watch']),
  });
}

interface ObjectPath {
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
  readonly schema: string;
  /** `NamespacedDeploymentStatus`. */
  readonly name: string;
  /** What patches can be sent as, when not as all types. */
  readonly patches?: readonly string[];
}

function objectItem({ kind, verbs, schema, name, patches }: ObjectPath): PathItem {
  const item: PathItem = {};
  if (verbs.includes('get')) {
    item['get'] = operation({ action: 'get', kind, id: `read${name}`, responses: responses(['200'], schema) });
  }
  if (verbs.includes('update')) {
    item['put'] = operation({
      action: 'put',
      kind,
      id: `replace${name}`,
      parameters: writeParameters,
      body: content(['*/*'], schema),
      responses: responses(['200', '201'], schema),
    });
  }
  if (verbs.includes('patch')) {
    item['patch'] = operation({
      action: 'patch',
      kind,
      id: `patch${name}`,
      parameters: [...writeParameters, parameter('force', 'boolean')],
      body: content(patches ?? patchTypes, schemaName('meta/v1.Patch')),
      responses: responses(['200', '201'], schema),
    });
  }
  if (verbs.includes('create')) {
    item['post'] = operation({
      action: 'post',
      kind,
      id: `create${name}`,
      parameters: writeParameters,
      body: content(['*/*'], schema),
      responses: responses(['200', '201', '202'], schema),
    });
  }
  return item;
}

/** How lists are merged is not known of custom resources. */
function patchesOf({ form, type }: Resource, patched: string): { patches?: readonly string[] } {
  return form === undefined || patched !== type ? {} : { patches: patchTypes.slice(0, 2) };
}

function deleteOperation(resource: Resource, name: string): Schema {
  return operation({
    action: 'delete',
    kind: resource,
    id: `delete${name}`,
    parameters: deleteParameters,
    body: content(['*/*'], schemaName('meta/v1.DeleteOptions')),
    responses: responses(['200', '202'], schemaName('meta/v1.Status')),
  });
}

function connectItem(subresource: Subresource, name: string): PathItem {
  const { group, version, kind } = subresource;
  return Object.fromEntries(
    subresource.verbs.map((verb) => {
      const method = connectMethods[verb]!;
      const id = `connect${method.charAt(0).toUpperCase()}${method.slice(1)}${name}`;
      return [
        method,
        operation({ action: 'connect', kind: { group, version, kind }, id, responses: responses(['200'], undefined) }),
      ];
    }),
  );
}

function subresourceItem(resource: Resource, subresource: Subresource, name: string): PathItem {
  if (/(Proxy|Exec|Attach|PortForward)Options$/.test(subresource.kind)) return connectItem(subresource, name);
  const { group, version, kind, verbs, type } = subresource;
  // A log is text; it is listed with the kind of its object.
  if (verbs.length === 1 && verbs[0] === 'get' && type === resource.type && name.endsWith('Log')) {
    const text = { content: { 'text/plain': { schema: { type: 'string' } } } };
    return {
      get: operation({
        action: 'get',
        kind: { group, version, kind },
        id: `read${name}`,
        responses: { 200: { description: 'OK', ...text }, 401: { description: 'Unauthorized' } },
      }),
    };
  }
  return objectItem({
    kind: { group, version, kind },
    verbs,
    schema: schemaName(type),
    name,
    ...patchesOf(resource, type),
  });
}

/** All paths of one resource. */
export function resourcePaths(resource: Resource): Record<string, PathItem> {
  const { group, version, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource.resource}`;
  const inNamespace = namespaced ? [parameter('namespace', 'string', 'path')] : [];
  const ofObject = [parameter('name', 'string', 'path'), ...inNamespace, pretty];
  const name = operationName(resource);
  const paths: Record<string, PathItem> = {};
  paths[collection] = { ...collectionItem(resource, name), parameters: [...inNamespace, pretty] };
  const item = objectItem({
    kind: resource,
    verbs: resource.verbs.filter((verb) => verb !== 'create'),
    schema: schemaName(resource.type),
    name,
    ...patchesOf(resource, resource.type),
  });
  if (resource.verbs.includes('delete')) item['delete'] = deleteOperation(resource, name);
  if (Object.keys(item).length > 0) paths[`${collection}/{name}`] = { ...item, parameters: ofObject };
  if (namespaced && resource.verbs.includes('list')) {
    const id = `list${name.replace('Namespaced', '')}ForAllNamespaces`;
    paths[`${root}/${resource.resource}`] = { get: listOperation(resource, id), parameters: [pretty] };
  }
  for (const [short, subresource] of Object.entries(resource.subresources)) {
    const title = `${name}${short.charAt(0).toUpperCase()}${short.slice(1)}`;
    paths[`${collection}/{name}/${short}`] = { ...subresourceItem(resource, subresource, title), parameters: ofObject };
  }
  return paths;
}
