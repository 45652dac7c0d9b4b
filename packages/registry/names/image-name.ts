import { RegistryError } from '../errors/registry-error.ts';
import { isDigest } from './digest.ts';

/** An image's name in full, as the distribution reference grammar reads it. */
export interface ImageName {
  /** `docker.io`, `registry.k8s.io`, `localhost:5000`. */
  readonly host: string;
  /** `library/nginx`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const pathForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const hostForm = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/i;
const tagForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const dockerHubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

export const isTag = (text: string): boolean => tagForm.test(text);
export const isRegistryHost = (text: string): boolean => text.length <= 255 && hostForm.test(text);

/** True for a repository's path as the specification allows it: lower case, at most 255 characters. */
export const isRepositoryPath = (text: string): boolean => text.length <= 255 && pathForm.test(text);

/** True where the first component of a name can only be a registry: it has a dot, a port, or is `localhost`. */
export function looksLikeHost(component: string): boolean {
  return component.includes('.') || component.includes(':') || component === 'localhost';
}

/**
 * The name under which a repository is kept: `docker.io/library/nginx` for an image of a registry elsewhere, the bare
 * path for one of our own. Docker Hub's three host names are one, and its official images get their `library/`.
 */
export function repositoryName(host: string, path: string): string {
  if (host === '') {
    const [first, ...rest] = path.split('/');
    return rest.length > 0 && looksLikeHost(first!) ? repositoryName(first!, rest.join('/')) : path;
  }
  const known = host.toLowerCase();
  if (!dockerHubNames.has(known)) return `${known}/${path}`;
  return `docker.io/${path.includes('/') ? path : `library/${path}`}`;
}

/** Splits a name made by `repositoryName`; the host is empty for a repository of our own. */
export function splitRepository(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  if (slash === -1 || !looksLikeHost(name.slice(0, slash))) return { host: '', path: name };
  return { host: name.slice(0, slash), path: name.slice(slash + 1) };
}

function refuse(text: string, reason: string): never {
  throw new RegistryError('NAME_INVALID', {
    message: `invalid image name ${JSON.stringify(text.slice(0, 300))}: ${reason}`,
  });
}

/**
 * Reads `nginx`, `nginx:1.21`, `public.ecr.aws/nginx/nginx@sha256:…` and the like. A name without tag and digest gets
 * the tag `latest`, one without a registry is Docker Hub's. @throws RegistryError NAME_INVALID
 */
export function parseImageName(text: string): ImageName {
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  let rest = at === -1 ? text : text.slice(0, at);
  if (digest !== undefined && !isDigest(digest)) refuse(text, 'the digest is invalid');
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!isTag(tag)) refuse(text, 'the tag is invalid');
  }
  const slash = rest.indexOf('/');
  const first = slash === -1 ? '' : rest.slice(0, slash);
  const hasHost = slash !== -1 && looksLikeHost(first);
  if (hasHost && !isRegistryHost(first)) refuse(text, 'the registry is invalid');
  const path = hasHost ? rest.slice(slash + 1) : rest;
  if (!isRepositoryPath(path))
    refuse(text, path === path.toLowerCase() ? 'the repository is invalid' : 'the repository must be lower case');
  const full = splitRepository(repositoryName(hasHost ? first : 'docker.io', path));
  if (tag === undefined && digest === undefined) tag = 'latest';
  return { ...full, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The name in full: `docker.io/library/nginx:1.21`. */
export function formatImageName({ host, path, tag, digest }: ImageName): string {
  return `${host === '' ? '' : `${host}/`}${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
