/**
 * What a request asks for, read from its method and URL alone, the way authorisation rules name it
 * (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb).
 */
export interface RequestInfo {
  /** True for `/api/v1/…` and `/apis/<group>/<version>/…` with a resource; false for every other path. */
  readonly resourceRequest: boolean;
  /** The URL path without the query, as sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; else the method in lower case. */
  readonly verb: string;
  /** `api` or `apis`; empty for other paths. */
  readonly prefix: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** Also taken from the field selector `metadata.name=…` of a list or watch, so that a rule can name the object. */
  readonly name: string;
  /** What follows the sub-resource. */
  readonly rest: readonly string[];
  /** The name is in the path, not only in a selector. */
  readonly named: boolean;
}

const verbOf: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const namespaceSubresources = new Set(['status', 'finalize']);

/** Splits a target into path and query. */
function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** Segments with their percent-escapes resolved; undefined when an escape is malformed. */
function segmentsOf(path: string): string[] | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  if (!path.includes('%')) return parts;
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The one name that a field selector allows; empty when it allows several. */
function selectedName(query: URLSearchParams): string {
  const selector = query.get('fieldSelector');
  if (selector === null) return '';
  for (const term of selector.split(',')) {
    const match = /^\s*metadata\.name\s*==?\s*(.*?)\s*$/.exec(term);
    if (match?.[1]) return match[1];
  }
  return '';
}

/** A query parameter that is true or false, as upstream's conversion reads it: present and empty is true. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

/** Reads `method` and `target`. Never throws: what is no resource request is a request for a path. */
export function requestInfo(method: string, target: string): RequestInfo {
  const { path, query } = splitTarget(target);
  const plain: RequestInfo = {
    resourceRequest: false,
    path,
    query,
    verb: method.toLowerCase(),
    prefix: '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: [],
    named: false,
  };
  const segments = segmentsOf(path);
  if (segments === undefined) return plain;
  const prefix = segments[0];
  const skip = prefix === 'api' ? 2 : prefix === 'apis' ? 3 : 0;
  if (skip === 0 || segments.length <= skip) return plain;
  const group = prefix === 'apis' ? segments[1]! : '';
  const version = segments[skip - 1]!;
  return resourceInfo({ ...plain, prefix: prefix!, group, version }, method, segments.slice(skip));
}

function resourceInfo(base: RequestInfo, method: string, segments: string[]): RequestInfo {
  let parts = segments;
  let verb = verbOf[method] ?? method.toLowerCase();
  if (parts[0] === 'watch' && parts.length > 1 && verb === 'get') {
    verb = 'watch';
    parts = parts.slice(1);
  }
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1]!;
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2);
  }
  const resource = parts[0] ?? '';
  const named = parts.length > 1;
  let name = parts[1] ?? '';
  const subresource = parts[2] ?? '';
  if (!named) {
    if (verb === 'get') {
      verb = isTrue(base.query.get('watch')) ? 'watch' : 'list';
      name = selectedName(base.query);
    } else if (verb === 'watch') {
      name = selectedName(base.query);
    } else if (verb === 'delete') {
      verb = 'deletecollection';
      name = selectedName(base.query);
    }
  }
  return {
    ...base,
    resourceRequest: true,
    verb,
    namespace,
    resource,
    subresource,
    name,
    rest: parts.slice(3),
    named,
  };
}

/** True for requests that last as long as the client likes: they are not counted against the limit of requests in flight. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.verb === 'watch' || ['exec', 'attach', 'portforward', 'log', 'proxy'].includes(info.subresource);
}
