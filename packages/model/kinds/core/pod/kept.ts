import type { ApiObject } from '../../../object.ts';

/** Puts everything of `previous` into `object` but the spec given, and the revision that the client works from. */
export function keepAllBut(object: ApiObject, previous: Readonly<ApiObject>, spec: object): void {
  const resourceVersion = object.metadata?.resourceVersion;
  for (const name of Object.keys(object)) delete object[name];
  Object.assign(object, structuredClone(previous), { spec });
  object.metadata = { ...object.metadata };
  if (resourceVersion === undefined) delete object.metadata.resourceVersion;
  else object.metadata.resourceVersion = resourceVersion;
}
