import type { Operation } from './client-node.ts';
import type { GoPackage } from './go-source.ts';
import { categories, connectKinds, shortNames } from './resource-names.ts';
import { shortPath } from './type-tables.ts';

/** One row of packages/model/generated/kubernetes-resources.json. Minors are of Kubernetes 1. */
export interface ResourceRow {
  group: string;
  version: string;
  resource: string;
  kind: string;
  /** `apps/v1.Deployment`. */
  type: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: readonly string[];
  categories?: readonly string[];
  subresources?: Record<string, { type: string; group: string; version: string; kind: string; verbs: string[] }>;
  introduced?: number;
  deprecated?: number;
  removed?: number;
  replacement?: string;
}

const form =
  /^\/(?:api|apis\/(?<group>[^/{]+))\/(?<version>v[^/]+)(?<scope>\/namespaces\/\{namespace\})?\/(?<resource>[a-z]+)(?<item>\/\{name\}(?:\/(?<subresource>[a-z]+))?)?(?:\/\{path\})?$/;

function verbsOf(operation: Operation, item: boolean, subresource: boolean): string[] {
  if (operation.method === 'GET') return item ? ['get'] : ['list', 'watch'];
  if (operation.method === 'POST') return ['create'];
  if (operation.method === 'PUT') return ['update'];
  if (operation.method === 'PATCH') return ['patch'];
  if (operation.method === 'DELETE') return subresource ? [] : item ? ['delete'] : ['deletecollection'];
  return [];
}

function addVerbs(verbs: string[], more: readonly string[]): void {
  for (const verb of more) if (!verbs.includes(verb)) verbs.push(verb);
  verbs.sort();
}

interface FoundType {
  readonly home: GoPackage;
  readonly kind: string;
  readonly type: string;
}

/** A resource is met by its list or by one of its objects, whichever comes first. */
function newRow(group: string, version: string, resource: string, { home, kind, type }: FoundType): ResourceRow {
  const list = kind.endsWith('List') && home.types.has(kind.slice(0, -'List'.length));
  const own = list ? kind.slice(0, -'List'.length) : kind;
  const name = group === '' ? resource : `${resource}.${group}`;
  return {
    group,
    version,
    resource,
    kind: own,
    type: list ? type.slice(0, -'List'.length) : type,
    namespaced: false,
    verbs: [],
    ...(shortNames[name] === undefined ? {} : { shortNames: shortNames[name] }),
    ...(categories[name] === undefined ? {} : { categories: categories[name] }),
    ...home.lifecycle.get(own),
  };
}

/** Puts the operations together to resources, and the names of models back to types. */
export function resourceRows(
  operations: readonly Operation[],
  packages: readonly GoPackage[],
  modelName: (path: string, type: string) => string | undefined,
): ResourceRow[] {
  const types = new Map<string, FoundType>();
  for (const home of packages) {
    for (const kind of home.types.keys()) {
      const name = modelName(home.path, kind);
      if (name !== undefined) types.set(name, { home, kind, type: `${shortPath(home.path)}.${kind}` });
    }
  }
  const rows = new Map<string, ResourceRow>();
  const order = (operation: Operation) => (operation.path.split('/{name}/').length > 1 ? 1 : 0);
  for (const operation of [...operations].sort((left, right) => order(left) - order(right))) {
    const found = form.exec(operation.path)?.groups;
    if (found === undefined) continue;
    const { group = '', version, scope, resource, item, subresource } = found as Record<string, string>;
    const id = `${group}/${version}/${resource}`;
    const verbs = verbsOf(operation, item !== undefined, subresource !== undefined);
    const type = types.get(operation.model ?? '');
    let row = rows.get(id);
    if (row === undefined) {
      if (type === undefined || subresource !== undefined) continue;
      row = newRow(group, version!, resource!, type);
      rows.set(id, row);
    }
    if (scope !== undefined) row.namespaced = true;
    if (subresource === undefined) addVerbs(row.verbs, verbs);
    else addSubresource(row, subresource, verbs, type, packages);
  }
  return [...rows.values()].sort((left, right) =>
    `${left.group}/${left.version}/${left.resource}` < `${right.group}/${right.version}/${right.resource}` ? -1 : 1,
  );
}

function addSubresource(
  row: ResourceRow,
  name: string,
  verbs: readonly string[],
  type: FoundType | undefined,
  packages: readonly GoPackage[],
): void {
  const connect = connectKinds[`${row.resource}/${name}`];
  const home = type?.home ?? packages.find((each) => `${shortPath(each.path)}.${row.kind}` === row.type)!;
  const kind = connect ?? type?.kind ?? row.kind;
  row.subresources ??= {};
  row.subresources[name] ??= {
    group: home.group,
    version: home.path.split('/').pop()!,
    kind,
    type: `${shortPath(home.path)}.${kind}`,
    verbs: [],
  };
  // Connections have no PATCH of their own: every method is passed on, and the verb follows the method.
  const all =
    connect === undefined ? verbs : name.endsWith('proxy') ? ['create', 'delete', 'get', 'patch', 'update'] : verbs;
  addVerbs(row.subresources[name].verbs, all);
}
