import { type ApiObject, applyTableDefaults, type GroupVersionKind, normalize, type Resource } from '@keelson/model';
import type { AdmissionRequest } from '../contract.ts';
import type { RequestMatch } from '../matching/index.ts';

function apiVersionOf({ group, version }: GroupVersionKind): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The type in the tables of the object that the request carries. */
function typeOf(request: AdmissionRequest, resource: Resource): string {
  return request.kind === undefined ? resource.type : (resource.subresources[request.subresource]?.type ?? '');
}

/** The same object as `to` serves it. Sub-resources' own kinds are the same in all versions of their resource. */
function converted(object: Readonly<ApiObject>, request: AdmissionRequest, to: Resource): Readonly<ApiObject> {
  const { resource } = request;
  if (to === resource || request.kind !== undefined) return object;
  const stored = resource.strategy.storedAs?.toStored(object) ?? object;
  return to.strategy.storedAs?.fromStored(stored) ?? stored;
}

/**
 * An object of the request in the version that a webhook asks for, with apiVersion and kind. It shares what it can with
 * `object`: it is not to be changed.
 */
export function objectFor(
  request: AdmissionRequest,
  match: RequestMatch,
  object: Readonly<ApiObject> | undefined,
): Readonly<ApiObject> | undefined {
  if (object === undefined) return undefined;
  const revision = object === request.object ? request.previous?.metadata?.resourceVersion : undefined;
  const metadata = revision === undefined ? {} : { metadata: { ...object.metadata, resourceVersion: revision } };
  const complete = { ...object, ...metadata };
  return {
    ...converted(complete, request, match.resource),
    apiVersion: apiVersionOf(match.kind),
    kind: match.kind.kind,
  };
}

/**
 * Puts what a webhook made of the request's object in its place: read as the tables know its type, with defaults.
 * @throws DecodeError for what is no object of its kind
 */
export function takeChanged(request: AdmissionRequest, match: RequestMatch, changed: unknown): void {
  const { object } = normalize(typeOf(request, match.resource), changed);
  const back = match.resource === request.resource ? object : convertedBack(object, request, match.resource);
  const target = request.object!;
  const revision = target.metadata?.resourceVersion;
  for (const name of Object.keys(target)) delete target[name];
  Object.assign(target, back);
  if (target.metadata !== undefined) {
    if (revision === undefined) delete target.metadata.resourceVersion;
    else target.metadata.resourceVersion = revision;
  }
  applyTableDefaults(typeOf(request, request.resource), target);
  if (request.kind === undefined) request.resource.strategy.defaults?.(target);
}

function convertedBack(object: ApiObject, request: AdmissionRequest, from: Resource): ApiObject {
  if (request.kind !== undefined) return object;
  const stored = from.strategy.storedAs?.toStored(object) ?? object;
  const { storedAs } = request.resource.strategy;
  return storedAs?.fromStored(stored) ?? stored;
}
