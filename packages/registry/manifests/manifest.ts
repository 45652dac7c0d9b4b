import { RegistryError } from '../errors/registry-error.ts';
import { isDigest } from '../names/digest.ts';
import { isIndexType, isManifestType, ociIndex, ociManifest } from './media-types.ts';

/** The largest manifest that is taken, in bytes: what the specification asks registries to support at least. */
export const manifestLimit = 4 * 1024 * 1024;
const referenceLimit = 10_000;

/** What a manifest or an index says of one of its parts. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
  /** Where the content may be had instead; such content need not be in the registry. */
  readonly urls?: readonly string[];
}

/** What the registry needs to know of a manifest. */
export interface Manifest {
  readonly mediaType: string;
  readonly kind: 'image' | 'index';
  /** Configuration and layers of an image, manifests of an index. */
  readonly references: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function refuse(reason: string): never {
  throw new RegistryError('MANIFEST_INVALID', { detail: { reason } });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function annotationsOf(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string')) as Record<
    string,
    string
  >;
}

/** One descriptor. @throws RegistryError MANIFEST_INVALID that names `field` */
export function parseDescriptor(value: unknown, field: string): Descriptor {
  if (!isRecord(value)) refuse(`${field} must be a descriptor`);
  const { mediaType, digest, size, platform, urls } = value;
  if (typeof digest !== 'string' || !isDigest(digest)) refuse(`${field}.digest is invalid`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) refuse(`${field}.size is invalid`);
  if (mediaType !== undefined && typeof mediaType !== 'string') refuse(`${field}.mediaType must be a string`);
  const annotations = annotationsOf(value.annotations);
  return {
    mediaType: mediaType ?? '',
    digest,
    size,
    ...(annotations ? { annotations } : {}),
    ...(isRecord(platform) ? { platform: platform as Descriptor['platform'] & object } : {}),
    ...(Array.isArray(urls) && urls.length > 0 ? { urls: urls.filter((url) => typeof url === 'string') } : {}),
  };
}

function parseList(value: unknown, field: string): Descriptor[] {
  if (!Array.isArray(value)) refuse(`${field} must be a list`);
  if (value.length > referenceLimit) refuse(`${field} has more than ${referenceLimit} entries`);
  return value.map((item, index) => parseDescriptor(item, `${field}[${index}]`));
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length > manifestLimit) {
    throw new RegistryError('MANIFEST_INVALID', {
      status: 413,
      detail: { reason: `larger than ${manifestLimit} bytes` },
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    refuse('it is not JSON');
  }
  if (!isRecord(value)) refuse('it is not a JSON object');
  return value;
}

function mediaTypeOf(value: Record<string, unknown>, declared: string): string {
  const own = typeof value.mediaType === 'string' ? value.mediaType : undefined;
  const given = declared.split(';')[0]!.trim();
  const known = isManifestType(given) || isIndexType(given);
  if (own !== undefined && known && own !== given) refuse(`mediaType ${own} does not match Content-Type ${given}`);
  const type = own ?? (known ? given : Array.isArray(value.manifests) ? ociIndex : ociManifest);
  if (!isManifestType(type) && !isIndexType(type)) refuse(`mediaType ${type} is not supported`);
  return type;
}

/**
 * Reads an image manifest or an index. `declared` is the Content-Type that came with it, or empty.
 * @throws RegistryError MANIFEST_INVALID; schema 1 manifests are refused, as container runtimes do
 */
export function parseManifest(bytes: Uint8Array, declared: string): Manifest {
  const value = parseJson(bytes);
  if (value.schemaVersion !== 2) refuse('schemaVersion must be 2');
  const mediaType = mediaTypeOf(value, declared);
  const kind = isIndexType(mediaType) ? 'index' : 'image';
  if (kind === 'image' && value.manifests !== undefined) refuse('an image manifest must not have manifests');
  if (kind === 'index' && (value.layers !== undefined || value.config !== undefined))
    refuse('an index must not have layers');
  const config = kind === 'image' ? parseDescriptor(value.config, 'config') : undefined;
  const references = config ? [config, ...parseList(value.layers, 'layers')] : parseList(value.manifests, 'manifests');
  const annotations = annotationsOf(value.annotations);
  const artifactType = typeof value.artifactType === 'string' ? value.artifactType : config?.mediaType;
  return {
    mediaType,
    kind,
    references,
    ...(isRecord(value.subject) ? { subject: parseDescriptor(value.subject, 'subject') } : {}),
    ...(artifactType ? { artifactType } : {}),
    ...(annotations ? { annotations } : {}),
  };
}
