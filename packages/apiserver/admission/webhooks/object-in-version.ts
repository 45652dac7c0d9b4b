import {
  type ApiObject,
  applyTableDefaults,
  copyOf,
  decodeStored,
  type GroupVersionKind,
  normalize,
  type Resource,
  showManagedFields,
} from '@keelson/model';
import { applyDefaults } from '../../resources/plan-create.ts';
import type { AdmissionRequest } from '../contract.ts';
import type { RequestMatch } from '../matching/index.ts';

function apiVersionOf({ group, version }: GroupVersionKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * The same object as `to` serves it. Versions of custom resources may have to be asked of a webhook.
 * @throws StatusError when it cannot be converted
 */
async function converted(object: Readonly<ApiObject>, from: Resource, to: Resource): Promise<Readonly<ApiObject>> {
  if (from === to) return object;
  if (from.form === undefined || to.form === undefined) {
    const stored = from.strategy.storedAs?.toStored(object) ?? object;
    return to.strategy.storedAs?.fromStored(stored) ?? stored;
  }
  const [bytes] = await to.form.read([await from.form.encode({ ...object, apiVersion: apiVersionOf(from) })]);
  const result = decodeStored(bytes!, '');
  const revision = object.metadata?.resourceVersion;
  delete result.metadata?.resourceVersion;
  if (revision !== undefined) result.metadata = { ...result.metadata, resourceVersion: revision };
  return result;
}

/** What a sub-resource's own kind is in every version of its resource: the same. */
function isOfSubresource(request: AdmissionRequest): boolean {
  return request.kind !== undefined;
}

/**
 * An object of the request in the version that a webhook asks for, with apiVersion and kind. It shares what it can with
 * `object`: it is not to be changed.
 * @throws StatusError when it cannot be converted
 */
export async function objectFor(
  request: AdmissionRequest,
  match: RequestMatch,
  object: Readonly<ApiObject> | undefined,
): Promise<Readonly<ApiObject> | undefined> {
  if (object === undefined) return undefined;
  const revision = object === request.object ? request.previous?.metadata?.resourceVersion : undefined;
  const complete = { ...object };
  if (object.metadata !== undefined) {
    complete.metadata = { ...object.metadata };
    if (revision !== undefined) complete.metadata.resourceVersion = revision;
    showManagedFields(complete.metadata);
  }
  const same = isOfSubresource(request);
  const shown = same ? complete : await converted(complete, request.resource, match.resource);
  return { ...shown, apiVersion: apiVersionOf(match.kind), kind: match.kind.kind };
}

/**
 * Puts what a webhook made of the request's object in its place: read as its type is known, with defaults.
 * @throws DecodeError for what is no object of its kind, StatusError when it cannot be converted
 */
export async function takeChanged(request: AdmissionRequest, match: RequestMatch, changed: unknown): Promise<void> {
  const target = request.object!;
  const revision = target.metadata?.resourceVersion;
  let back: ApiObject;
  if (isOfSubresource(request)) {
    const type = request.resource.subresources[request.subresource]?.type ?? '';
    back = normalize(type, changed).object;
    applyTableDefaults(type, back);
  } else {
    const { object } = normalize(match.resource, match.resource.form === undefined ? changed : copyOf(changed));
    back = (await converted(object, match.resource, request.resource)) as ApiObject;
    applyDefaults(request, back);
  }
  for (const name of Object.keys(target)) delete target[name];
  Object.assign(target, back);
  if (target.metadata === undefined) return;
  if (revision === undefined) delete target.metadata.resourceVersion;
  else target.metadata.resourceVersion = revision;
}
