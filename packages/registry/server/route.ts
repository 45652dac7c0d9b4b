import { RegistryError } from '../errors/registry-error.ts';
import { isRegistryHost, isRepositoryPath, repositoryName } from '../names/image-name.ts';

/** What a target names. `repository` is the full name that images are kept under. */
export type Route =
  | { readonly kind: 'version' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'load' }
  | { readonly kind: 'tags' | 'uploads'; readonly repository: string }
  | { readonly kind: 'manifest' | 'blob' | 'upload' | 'referrers'; readonly repository: string; readonly item: string };

const forms: readonly [RegExp, 'manifest' | 'blob' | 'upload' | 'referrers'][] = [
  [/^(.+)\/manifests\/([^/]+)$/, 'manifest'],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, 'upload'],
  [/^(.+)\/blobs\/([^/]+)$/, 'blob'],
  [/^(.+)\/referrers\/([^/]+)$/, 'referrers'],
];

function repositoryOf(path: string, query: URLSearchParams): string {
  const host = query.get('ns') ?? '';
  if (!isRepositoryPath(path) || (host !== '' && !isRegistryHost(host))) {
    throw new RegistryError('NAME_INVALID', {
      detail: { name: path.slice(0, 300), ...(host ? { ns: host.slice(0, 300) } : {}) },
    });
  }
  return repositoryName(host, path);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Reads a request's target: the endpoints of the distribution specification 1.1, with containerd's `ns` parameter for
 * the registry that a mirror stands for. Undefined for a path outside of them. @throws RegistryError NAME_INVALID
 */
export function parseRoute(path: string, query: URLSearchParams): Route | undefined {
  if (path === '/v2' || path === '/v2/') return { kind: 'version' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (path === '/v2/_keelson/images/load') return { kind: 'load' };
  if (!path.startsWith('/v2/')) return undefined;
  const rest = path.slice('/v2/'.length);
  const list = /^(.+)\/tags\/list$/.exec(rest);
  if (list) return { kind: 'tags', repository: repositoryOf(list[1]!, query) };
  const uploads = /^(.+)\/blobs\/uploads\/?$/.exec(rest);
  if (uploads) return { kind: 'uploads', repository: repositoryOf(uploads[1]!, query) };
  for (const [form, kind] of forms) {
    const match = form.exec(rest);
    if (match) return { kind, repository: repositoryOf(match[1]!, query), item: decode(match[2]!) };
  }
  return undefined;
}
