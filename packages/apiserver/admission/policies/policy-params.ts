import { type ApiObject, type ResourceCatalogue, selectorFromObject } from '@keelson/model';
import type { ObjectReader } from '../contract.ts';
import type { Fields } from './policy.ts';

/** Why a policy cannot be asked as it is configured; the failure policy decides what that means. */
export class ConfigurationProblem extends Error {}

/** The parameters that a binding gives a policy; null once when there are none to be given. */
export type Params = readonly (Readonly<ApiObject> | null)[];

function resourceOf(catalogue: ResourceCatalogue, paramKind: Fields) {
  const resource = findResource(catalogue, paramKind);
  if (resource !== undefined) return resource;
  throw new ConfigurationProblem(`failed to find resource referenced by paramKind: '${nameOf(paramKind)}'`);
}

function findResource(catalogue: ResourceCatalogue, paramKind: Fields) {
  const { group, version, kind } = partsOf(paramKind);
  return catalogue.findKind(group, version, kind);
}

function nameOf(paramKind: Fields): string {
  const { group, version, kind } = partsOf(paramKind);
  return `${group}/${version}, Kind=${kind}`;
}

function partsOf({ apiVersion = '', kind = '' }: Fields): { group: string; version: string; kind: string } {
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  return { group, version, kind };
}

/** Waits until parameters of this kind can be looked up; undefined when they can be already, or never. */
export function paramsFilled(
  { catalogue, reader }: { readonly catalogue: ResourceCatalogue; readonly reader: ObjectReader },
  paramKind: Fields | undefined,
): Promise<boolean> | undefined {
  const resource = paramKind && findResource(catalogue, paramKind);
  const filled = resource && reader.filled(resource.group, resource.resource);
  return typeof filled === 'object' ? filled : undefined;
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
  if (tools.reader.filled(resource.group, resource.resource) !== true) {
    throw new ConfigurationProblem(`paramKind kind \`${nameOf(paramKind)}\` not yet synced to use for admission`);
  }
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
