import type { DeleteOptions, ListOptions, ResourceRef, WriteOptions } from './client.ts';

/** A query as pairs; undefined, false and '' are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The path of a resource's collection: `/apis/apps/v1/namespaces/default/deployments`, or over all namespaces. */
export function collectionPath(ref: ResourceRef, namespace: string | undefined): string {
  const root = groupVersionPath(ref.group, ref.version);
  const scope = ref.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${ref.resource}`;
}

/** `/api/v1` for the core group, `/apis/<group>/<version>` for the others. */
export function groupVersionPath(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/**
 * The path of one object, or of a sub-resource of it.
 * @throws Error when the name, or the namespace of a namespaced resource, is missing: the path would name something else.
 */
export function objectPath(
  ref: ResourceRef,
  name: string | undefined,
  namespace: string | undefined,
  subresource?: string,
): string {
  if (!name) throw new Error('resource name may not be empty');
  if (ref.namespaced && !namespace)
    throw new Error('an empty namespace may not be set when a resource name is provided');
  const tail = subresource ? `/${subresource}` : '';
  return `${collectionPath(ref, namespace)}/${encodeURIComponent(name)}${tail}`;
}

/** `path` with its query. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== false && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, continue: from, resourceVersion, metricLabelSelector } = options;
  return { labelSelector, fieldSelector, limit, continue: from, resourceVersion, metricLabelSelector };
}

export function writeQuery(options: WriteOptions | undefined): Query {
  return { dryRun: options?.dryRun ? 'All' : undefined, fieldManager: options?.fieldManager };
}

/** The meta/v1 DeleteOptions that says `options`; undefined when there is nothing to say. */
export function deleteBody(options: DeleteOptions | undefined): object | undefined {
  if (!options) return undefined;
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  const body = {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(preconditions !== undefined && { preconditions }),
    ...(dryRun && { dryRun: ['All'] }),
  };
  return Object.keys(body).length === 0 ? undefined : { apiVersion: 'v1', kind: 'DeleteOptions', ...body };
}
