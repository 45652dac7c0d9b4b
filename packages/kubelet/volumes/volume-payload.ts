import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from '@keelson/model/generated/types/core-v1.ts';
import {
  type Allocatable,
  DanglingReference,
  type PodPlace,
  podField,
  resourceField,
} from '../pods/field-reference.ts';
import type { VolumeFile, VolumePayload } from './pod-files.ts';

/** Where the contents of volumes come from. The getters resolve to undefined for what does not exist. */
export interface PayloadSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** A token for the pod's service account; undefined when nobody could read it. */
  token(pod: Pod, volume: string, audience: string, seconds: number): Promise<string | undefined>;
  readonly place: PodPlace;
  readonly allocatable: Allocatable;
}

const defaultMode = 0o644;

/**
 * What a volume of one of the four types that are made of API objects holds; undefined for other volumes.
 * @throws DanglingReference when something that is not optional is missing.
 */
export async function volumePayload(
  pod: Pod,
  volume: Volume,
  sources: PayloadSources,
): Promise<{ readonly plugin: string; readonly payload: VolumePayload } | undefined> {
  const files = new Map<string, VolumeFile>();
  const namespace = pod.metadata?.namespace ?? '';
  if (volume.configMap) {
    const { name = '', items, optional = false, defaultMode: mode = defaultMode } = volume.configMap;
    const data = await configMapData(namespace, name, optional, sources);
    project(files, data, items, mode, optional, 'configmap');
    return { plugin: 'configmap', payload: files };
  }
  if (volume.secret) {
    const { secretName = '', items, optional = false, defaultMode: mode = defaultMode } = volume.secret;
    const data = await secretData(namespace, secretName, optional, sources);
    project(files, data, items, mode, optional, 'secret');
    return { plugin: 'secret', payload: files };
  }
  if (volume.downwardAPI) {
    const { items = [], defaultMode: mode = defaultMode } = volume.downwardAPI;
    projectDownward(files, pod, items, mode, sources);
    return { plugin: 'downward-api', payload: files };
  }
  if (volume.projected) {
    const { sources: projections = [], defaultMode: mode = defaultMode } = volume.projected;
    for (const projection of projections) await projectOne(files, pod, volume.name, projection, mode, sources);
    return { plugin: 'projected', payload: files };
  }
  return undefined;
}

async function projectOne(
  files: Map<string, VolumeFile>,
  pod: Pod,
  volume: string,
  { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: VolumeProjection,
  mode: number,
  sources: PayloadSources,
): Promise<void> {
  const namespace = pod.metadata?.namespace ?? '';
  if (configMap) {
    const { name = '', items, optional = false } = configMap;
    project(files, await configMapData(namespace, name, optional, sources), items, mode, optional, 'configmap');
  }
  if (secret) {
    const { name = '', items, optional = false } = secret;
    project(files, await secretData(namespace, name, optional, sources), items, mode, optional, 'secret');
  }
  if (downwardAPI) projectDownward(files, pod, downwardAPI.items ?? [], mode, sources);
  if (serviceAccountToken) {
    const { audience = '', expirationSeconds = 3600, path } = serviceAccountToken;
    const token = await sources.token(pod, volume, audience, expirationSeconds);
    // A process that is not root must read it when the pod says who it runs as.
    const owned = pod.spec?.securityContext?.fsGroup !== undefined || runsAsOneUser(pod);
    if (token !== undefined) files.set(path, { bytes: Buffer.from(token), mode: owned ? 0o600 : mode });
  }
  if (clusterTrustBundle || podCertificate)
    throw new DanglingReference('this node offers no certificates or trust bundles in projected volumes');
}

function runsAsOneUser(pod: Pod): boolean {
  const users = new Set(
    (pod.spec?.containers ?? []).map(
      ({ securityContext }) => securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser,
    ),
  );
  return users.size === 1 && !users.has(undefined);
}

async function configMapData(
  namespace: string,
  name: string,
  optional: boolean,
  sources: PayloadSources,
): Promise<Map<string, Uint8Array>> {
  const configMap = await sources.configMap(namespace, name);
  if (configMap === undefined && !optional) throw new DanglingReference(`configmap "${name}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(configMap?.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(configMap?.binaryData ?? {})) data.set(key, Buffer.from(text, 'base64'));
  return data;
}

async function secretData(
  namespace: string,
  name: string,
  optional: boolean,
  sources: PayloadSources,
): Promise<Map<string, Uint8Array>> {
  const secret = await sources.secret(namespace, name);
  if (secret === undefined && !optional) throw new DanglingReference(`secret "${name}" not found`);
  return new Map(Object.entries(secret?.data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
}

function project(
  files: Map<string, VolumeFile>,
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
  what: string,
): void {
  if (items === undefined || items.length === 0) {
    for (const [key, bytes] of data) files.set(key, { bytes, mode: defaultMode });
    return;
  }
  for (const { key, path, mode } of items) {
    const bytes = data.get(key);
    if (bytes !== undefined) files.set(path, { bytes, mode: mode ?? defaultMode });
    else if (!optional)
      throw new DanglingReference(
        `${what} references non-existent ${what === 'secret' ? 'secret' : 'config'} key: ${key}`,
      );
  }
}

function projectDownward(
  files: Map<string, VolumeFile>,
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
  { place, allocatable }: PayloadSources,
): void {
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const text = fieldRef
      ? podField(pod, fieldRef.fieldPath ?? '', place)
      : resourceField(
          pod,
          containers.find(({ name }) => name === resourceFieldRef?.containerName),
          resourceFieldRef!,
          allocatable,
        );
    files.set(path, { bytes: Buffer.from(text), mode: mode ?? defaultMode });
  }
}
