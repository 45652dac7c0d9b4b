import { sleep, type World } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { quoted } from '../authentication/quoted.ts';
import { podReferences } from '../authorization/pod-references.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbidden, isWriteTo } from './refusal.ts';
import { mountTokenVolume } from './service-account-token-volume.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';
const defaultName = 'default';
/** How long a new namespace's default account is waited for: a controller makes it. Milliseconds. */
const patience = 1500;
const pause = 50;

/**
 * ServiceAccount: every pod runs as a service account that exists, `default` when it names none, gets its token mounted
 * unless it or the account declines, and its image pull secrets when it has none of its own.
 */
export class ServiceAccount implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly #reader: ObjectReader;
  readonly #world: World;

  constructor(reader: ObjectReader, world: World) {
    this.#reader = reader;
    this.#world = world;
  }

  mutate(request: AdmissionRequest): Promise<void> | void {
    const pod = request.object;
    if (request.operation !== 'CREATE' || pod === undefined || !isWriteTo(request, '', 'pods')) return;
    return this.#complete(request, pod);
  }

  async #complete(request: AdmissionRequest, pod: ApiObject): Promise<void> {
    if (isMirrorPod(pod)) return checkMirrorPod(request, pod);
    const spec = (pod['spec'] ??= {});
    if (!spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount || defaultName;
    // The deprecated alias always says the same.
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.#account(request, spec.serviceAccountName);
    const automount = spec.automountServiceAccountToken ?? account['automountServiceAccountToken'] ?? true;
    if (automount) mountTokenVolume(pod, this.#world.random);
    const pullSecrets: readonly { name?: string }[] = account['imagePullSecrets'] ?? [];
    if ((spec.imagePullSecrets ?? []).length === 0 && pullSecrets.length > 0) {
      spec.imagePullSecrets = pullSecrets.map(({ name }) => ({ name }));
    }
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    const pod = request.object;
    if (pod === undefined || request.resource.group !== '' || request.resource.resource !== 'pods') return;
    const debugging = request.operation === 'UPDATE' && request.subresource === 'ephemeralcontainers';
    if (!debugging && (request.operation !== 'CREATE' || request.subresource !== '')) return;
    return this.#check(request, pod, debugging);
  }

  async #check(request: AdmissionRequest, pod: Readonly<ApiObject>, debugging: boolean): Promise<void> {
    if (isMirrorPod(pod)) return checkMirrorPod(request, pod);
    const account = await this.#account(request, pod['spec']?.serviceAccountName ?? '');
    if (!isTrue(account.metadata?.annotations?.[enforceAnnotation])) return;
    const refusal = unmountable(account, pod, debugging);
    if (refusal !== undefined) throw forbidden(request, refusal);
  }

  async #account(request: AdmissionRequest, name: string): Promise<Readonly<ApiObject>> {
    const attempts = name === defaultName ? patience / pause : 0;
    for (let attempt = 0; ; attempt++) {
      const account = this.#reader.get('', 'serviceaccounts', request.namespace, name);
      if (account !== undefined) return account;
      if (attempt >= attempts) break;
      await sleep(this.#world.clock, pause);
    }
    const text = `error looking up service account ${request.namespace}/${name}: serviceaccount ${quoted(name)} not found`;
    throw forbidden(request, text);
  }
}

export function isMirrorPod(pod: Readonly<ApiObject>): boolean {
  const annotations = pod.metadata?.annotations;
  return annotations !== undefined && mirrorAnnotation in annotations;
}

function checkMirrorPod(request: AdmissionRequest, pod: Readonly<ApiObject>): void {
  if (pod['spec']?.serviceAccountName) throw forbidden(request, 'a mirror pod may not reference service accounts');
  if (podReferences(pod).some(({ resource }) => resource === 'secrets')) {
    throw forbidden(request, 'a mirror pod may not reference secrets');
  }
  const volumes: readonly Record<string, any>[] = pod['spec']?.volumes ?? [];
  if (volumes.some((volume) => volume['projected']?.sources?.some((source: any) => source.serviceAccountToken))) {
    throw forbidden(request, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

/** As Go's strconv.ParseBool. */
function isTrue(text: string | undefined): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text ?? '');
}

/** Why the pod may not use a secret that its service account does not list; undefined when it uses none such. */
function unmountable(account: Readonly<ApiObject>, pod: Readonly<ApiObject>, debugging: boolean): string | undefined {
  const names = (list: readonly { name?: string }[] | undefined) => new Set((list ?? []).map(({ name }) => name));
  const mountable = names(account['secrets']);
  const because = `is not allowed because service account ${account.metadata?.name} does not reference that`;
  const spec = pod['spec'] ?? {};
  if (debugging) return containerRefusal('ephemeral container', spec.ephemeralContainers, mountable, because);
  for (const volume of spec.volumes ?? []) {
    const secret = volume.secret?.secretName;
    if (volume.secret !== undefined && !mountable.has(secret)) {
      return `volume with secret.secretName="${secret}" ${because} secret`;
    }
  }
  const refusal =
    containerRefusal('init container', spec.initContainers, mountable, because) ??
    containerRefusal('container', spec.containers, mountable, because);
  if (refusal !== undefined) return refusal;
  const pullable = names(account['imagePullSecrets']);
  const references: readonly { name?: string }[] = spec.imagePullSecrets ?? [];
  const bad = references.findIndex(({ name }) => !pullable.has(name));
  return bad < 0 ? undefined : `imagePullSecrets[${bad}].name="${references[bad]!.name}" ${because} imagePullSecret`;
}

function containerRefusal(
  label: string,
  containers: readonly Record<string, any>[] | undefined,
  mountable: ReadonlySet<string | undefined>,
  because: string,
): string | undefined {
  for (const container of containers ?? []) {
    for (const variable of container['env'] ?? []) {
      const secret = variable.valueFrom?.secretKeyRef?.name;
      if (variable.valueFrom?.secretKeyRef === undefined || mountable.has(secret)) continue;
      return `${label} ${container['name']} with envVar ${variable.name} referencing secret.secretName="${secret}" ${because} secret`;
    }
    for (const source of container['envFrom'] ?? []) {
      const secret = source.secretRef?.name;
      if (source.secretRef === undefined || mountable.has(secret)) continue;
      return `${label} ${container['name']} with envFrom referencing secret.secretName="${secret}" ${because} secret`;
    }
  }
  return undefined;
}
