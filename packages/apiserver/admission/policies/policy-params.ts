import { type ApiObject, type ResourceCatalogue, selectorFromObject } from '@keelson/model';
import type { ObjectReader } from '../contract.ts';
import type { Fields } from './policy.ts';

/** Why a policy cannot be asked as it is configured; the failure policy decides what that means. */
export class ConfigurationProblem extends Error {}

/** The parameters that a binding gives a policy; null once when there are none to be given. */
export type Params = readonly (Readonly<ApiObject> | null)[];

function resourceOf(catalogue: ResourceCatalogue, { apiVersion = '', kind = '' }: Fields) {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const resource = catalogue.findKind(group, version, kind);
  if (resource !== undefined) return resource;
  throw new ConfigurationProblem(
    `failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`,
  );
}

/** @throws ConfigurationProblem when the kind of the parameters is not served */
export function checkParamKind(catalogue: ResourceCatalogue, paramKind: Fields | undefined): void {
  if (paramKind !== undefined) resourceOf(catalogue, paramKind);
}

/**
 * Looks up the parameters of a binding for a request in `namespace`. A selector may find several: the policy is asked
 * with each; none at all: it is not asked.
 * @throws ConfigurationProblem
 */
export function paramsOf(
  tools: { readonly catalogue: ResourceCatalogue; readonly reader: ObjectReader },
  paramKind: Fields | undefined,
  reference: Fields | undefined,
  namespace: string,
): Params {
  if (paramKind === undefined || reference === undefined) return [null];
  const resource = resourceOf(tools.catalogue, paramKind);
  let within = '';
  if (resource.namespaced) {
    within = reference['namespace'] || namespace;
    if (within === '') {
      throw new ConfigurationProblem(
        'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
      );
    }
  } else if (reference['namespace']) {
    throw new ConfigurationProblem('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const found = lookUp(tools.reader, resource, within, reference);
  if (found.length === 0 && reference['parameterNotFoundAction'] === 'Deny') {
    throw new ConfigurationProblem('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  const { apiVersion, kind } = paramKind;
  return found.map((object) => ({ ...object, apiVersion, kind }));
}

function lookUp(
  reader: ObjectReader,
  { group, resource, namespaced }: { group: string; resource: string; namespaced: boolean },
  namespace: string,
  { name, selector }: Fields,
): readonly Readonly<ApiObject>[] {
  if (name) {
    const object = reader.get(group, resource, namespace, name);
    return object === undefined ? [] : [object];
  }
  const wanted = selectorFromObject(selector ?? {});
  const all = namespaced ? reader.list(group, resource, namespace) : reader.list(group, resource);
  return all.filter((object) => wanted.matches(object.metadata?.labels));
}
