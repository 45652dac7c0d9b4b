import { nameSuffix, newUid, rfc3339, type World } from '@keelson/base';
import { type ApiObject, type ObjectMeta, type Resource, sameValue } from '@keelson/model';
import { badRequest, conflict, type GroupResource } from '../request/status-error.ts';

/** The longest generated name's prefix, so that name and suffix fit a label (k8s.io/apiserver/pkg/storage/names). */
const longestPrefix = 58;

/** The metadata of an object, made when it has none. */
export function metadataOf(object: ApiObject): ObjectMeta {
  return (object.metadata ??= {});
}

/** Takes the namespace of the request, unless the object says another. @throws StatusError 400 */
export function settleNamespace(object: ApiObject, resource: Resource, namespace: string): void {
  const meta = metadataOf(object);
  const wanted = resource.namespaced ? namespace : '';
  if (meta.namespace && meta.namespace !== wanted)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (wanted === '') delete meta.namespace;
  else meta.namespace = wanted;
}

/** Takes the name of the request's path, unless the object says another. @throws StatusError 400 */
export function settleName(object: ApiObject, name: string): void {
  const meta = metadataOf(object);
  if (meta.name && meta.name !== name)
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
  meta.name = name;
}

/** What the server alone decides of a new object. @throws StatusError 400 */
export function stampNew(object: ApiObject, resource: Resource, world: World): void {
  const meta = metadataOf(object);
  if (meta.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  for (const name of ['resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'selfLink']) {
    delete (meta as Record<string, unknown>)[name];
  }
  if (!meta.name && meta.generateName) meta.name = generatedName(meta.generateName, world);
  meta.uid = newUid(world.random);
  meta.creationTimestamp = rfc3339(world.clock.now());
  if (resource.strategy.generation) meta.generation = 1;
}

export function generatedName(prefix: string, world: World): string {
  return prefix.slice(0, longestPrefix) + nameSuffix(world.random);
}

/** What an update may not change is taken from `previous`. @throws StatusError 409 for another uid */
export function stampChanged(object: ApiObject, previous: Readonly<ApiObject>, of: GroupResource): void {
  const meta = metadataOf(object) as Record<string, unknown>;
  const old = (previous.metadata ?? {}) as Record<string, unknown>;
  if (meta['uid'] && meta['uid'] !== old['uid']) {
    const why = `Precondition failed: UID in precondition: ${meta['uid']}, UID in object meta: ${old['uid']}`;
    throw conflict(of, String(old['name']), why);
  }
  const kept = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'];
  for (const name of [...kept, 'generation', 'generateName', 'selfLink']) {
    if (old[name] === undefined) delete meta[name];
    else meta[name] = old[name];
  }
  delete meta['resourceVersion'];
}

/** Raises the generation when anything that controllers observe is different. */
export function raiseGeneration(object: ApiObject, previous: Readonly<ApiObject>): void {
  const names = new Set([...Object.keys(object), ...Object.keys(previous)]);
  for (const name of ['apiVersion', 'kind', 'metadata', 'status']) names.delete(name);
  for (const name of names) {
    if (sameValue(object[name], previous[name])) continue;
    metadataOf(object).generation = (previous.metadata?.generation ?? 0) + 1;
    return;
  }
}
