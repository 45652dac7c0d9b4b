import { parseJson } from '@keelson/model';
import { type Backend, bodyOf } from './backend.ts';
import { remoteUserHeaders } from './proxy-headers.ts';

/** Bytes that a backend's documents may have. */
const discoveryLimit = 4 << 20;
const openApiLimit = 16 << 20;
/** How long one may take, in milliseconds. */
const patience = 5000;

/** Who asks backends for their documents. */
const aggregatorUser = { name: 'system:kube-aggregator', groups: ['system:masters'] };

/** What a backend says of itself. */
export interface RemoteDocuments {
  /** APIResourceDiscovery of apidiscovery.k8s.io/v2, of its group-version. */
  readonly resources: readonly object[];
  /** The path of its OpenAPI 3 document with its hash; absent when it has none. */
  readonly openApiV3?: string;
  /** Its OpenAPI 2 document: definitions, and the paths below its group-version. */
  readonly openApiV2?: { readonly definitions: Record<string, unknown>; readonly paths: Record<string, unknown> };
}

type Json = Record<string, any>;

/** GETs a document. Rejects with an Error as kube-aggregator words it in the condition FailedDiscoveryCheck. */
async function fetchJson(backend: Backend, path: string, limit: number): Promise<Json> {
  const { service } = backend.api;
  const url = `https://${service.name}.${service.namespace}.svc:${service.port}${path}`;
  const headers = { accept: 'application/json', ...remoteUserHeaders(aggregatorUser) };
  const signal = AbortSignal.timeout(patience);
  const failing = (why: string) => new Error(`failing or missing response from ${url}: ${why}`);
  let body: Buffer;
  try {
    // Whoever owns the network could as well write the condition: only what is passed on to clients is checked.
    const incoming = await backend.send({ method: 'GET', path, headers, signal }, true);
    const code = incoming.statusCode ?? 0;
    if (code < 200 || code > 299) {
      incoming.resume();
      throw new Error(`bad status from ${url}: ${code}`);
    }
    body = await bodyOf(incoming, limit);
  } catch (error) {
    const text = signal.aborted ? 'context deadline exceeded' : (error as Error).message;
    throw failing(text.startsWith('bad status') ? text : `Get ${JSON.stringify(url)}: ${text}`);
  }
  try {
    return parseJson(body) as Json;
  } catch {
    throw failing('the response is not JSON');
  }
}

/**
 * Asks a backend for what it serves. Rejects when it does not answer for its group-version; that it has no OpenAPI
 * documents is no failure.
 */
export async function remoteDocuments(backend: Backend): Promise<RemoteDocuments> {
  const { group, version } = backend.api;
  const path = `apis/${group}/${version}`;
  const list = await fetchJson(backend, `/${path}`, discoveryLimit);
  const [v3, v2] = await Promise.allSettled([
    fetchJson(backend, '/openapi/v3', discoveryLimit),
    fetchJson(backend, '/openapi/v2', openApiLimit),
  ]);
  const relative: unknown = v3.status === 'fulfilled' ? v3.value['paths']?.[path]?.serverRelativeURL : undefined;
  return {
    resources: discoveryOf(list, group, version),
    ...(typeof relative === 'string' && relative.startsWith('/openapi/v3/') ? { openApiV3: relative } : {}),
    ...(v2.status === 'fulfilled' ? { openApiV2: ownPart(v2.value, `/${path}`) } : {}),
  };
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function ownPart(document: Json, path: string): NonNullable<RemoteDocuments['openApiV2']> {
  const below = ([name]: [string, unknown]) => name === `${path}/` || name.startsWith(`${path}/`);
  return {
    definitions: Object.fromEntries(entriesOf(document['definitions'])),
    paths: Object.fromEntries(entriesOf(document['paths']).filter(below)),
  };
}

/** An APIResourceList in the form of aggregated discovery. */
export function discoveryOf(list: Json, group: string, version: string): readonly object[] {
  const found = new Map<string, Json>();
  const rows: unknown[] = Array.isArray(list['resources']) ? list['resources'] : [];
  for (const row of rows) {
    if (typeof row !== 'object' || row === null || typeof (row as Json)['name'] !== 'string') continue;
    const { name, namespaced, kind, verbs, singularName, shortNames, categories } = row as Json;
    const own = row as Json;
    const responseKind = { group: own['group'] || group, version: own['version'] || version, kind };
    const [resource, ...rest] = name.split('/') as [string, ...string[]];
    const scope = namespaced === true ? 'Namespaced' : 'Cluster';
    if (rest.length === 0) {
      const { subresources } = found.get(resource) ?? {};
      found.set(resource, {
        resource,
        responseKind,
        scope,
        singularResource: singularName ?? '',
        verbs: verbs ?? [],
        ...(shortNames ? { shortNames } : {}),
        ...(categories ? { categories } : {}),
        ...(subresources ? { subresources } : {}),
      });
      continue;
    }
    const parent = found.get(resource) ?? { resource, scope, verbs: [] };
    parent['subresources'] = [
      ...(parent['subresources'] ?? []),
      { subresource: rest.join('/'), responseKind, verbs: verbs ?? [] },
    ];
    found.set(resource, parent);
  }
  return [...found.values()];
}
