/** Defaults of everything that has a pod spec: pods, and the templates of workloads. */
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import { everyContainer, type Fields } from './fields.ts';
import { defaultPullPolicy } from './image-tag.ts';

/** 0644, what files of volumes are when nobody says. */
const FILE_MODE = 0o644;
const VOLUME_TYPE_NEEDED = new Set(['name']);

function unset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function defaultHttpGet(action: Fields | undefined): void {
  if (action === undefined) return;
  if (unset(action['path'])) action['path'] = '/';
  if (unset(action['scheme'])) action['scheme'] = 'HTTP';
}

function defaultProbe(probe: Fields | undefined): void {
  if (probe === undefined) return;
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  for (const [name, value] of Object.entries(numbers)) if ((probe[name] ?? 0) === 0) probe[name] = value;
  defaultHttpGet(probe['httpGet']);
  if (probe['grpc'] !== undefined) probe['grpc'].service ??= '';
}

function defaultFieldRef(reference: Fields | undefined): void {
  if (reference !== undefined && unset(reference['apiVersion'])) reference['apiVersion'] = 'v1';
}

function defaultDivisor(reference: Fields | undefined): void {
  if (reference === undefined) return;
  reference['divisor'] = quantityOrUndefined(reference['divisor'] ?? '0')?.toString() ?? reference['divisor'];
}

function defaultContainer(container: Fields): void {
  if (unset(container['imagePullPolicy'])) container['imagePullPolicy'] = defaultPullPolicy(container['image']);
  if (unset(container['terminationMessagePath'])) container['terminationMessagePath'] = '/dev/termination-log';
  if (unset(container['terminationMessagePolicy'])) container['terminationMessagePolicy'] = 'File';
  container['resources'] ??= {};
  canonicalQuantities(container['resources'].limits);
  canonicalQuantities(container['resources'].requests);
  for (const port of (container['ports'] ?? []) as Fields[]) if (unset(port['protocol'])) port['protocol'] = 'TCP';
  for (const variable of (container['env'] ?? []) as Fields[]) {
    defaultFieldRef(variable['valueFrom']?.fieldRef);
    defaultDivisor(variable['valueFrom']?.resourceFieldRef);
    if (variable['valueFrom']?.fileKeyRef !== undefined) variable['valueFrom'].fileKeyRef.optional ??= false;
  }
  defaultProbe(container['livenessProbe']);
  defaultProbe(container['readinessProbe']);
  defaultProbe(container['startupProbe']);
  defaultHttpGet(container['lifecycle']?.postStart?.httpGet);
  defaultHttpGet(container['lifecycle']?.preStop?.httpGet);
}

function defaultDownwardFiles(source: Fields | undefined): void {
  for (const file of (source?.['items'] ?? []) as Fields[]) {
    defaultFieldRef(file['fieldRef']);
    defaultDivisor(file['resourceFieldRef']);
  }
}

function defaultProjected(projected: Fields): void {
  projected['defaultMode'] ??= FILE_MODE;
  for (const source of (projected['sources'] ?? []) as Fields[]) {
    defaultDownwardFiles(source['downwardAPI']);
    if (source['serviceAccountToken'] !== undefined) source['serviceAccountToken'].expirationSeconds ??= 3600;
  }
}

function defaultRemoteDisks(volume: Fields): void {
  if (volume['iscsi'] !== undefined && unset(volume['iscsi'].iscsiInterface)) {
    volume['iscsi'].iscsiInterface = 'default';
  }
  const rbd = volume['rbd'];
  if (rbd !== undefined) {
    if (unset(rbd.pool)) rbd.pool = 'rbd';
    if (unset(rbd.user)) rbd.user = 'admin';
    if (unset(rbd.keyring)) rbd.keyring = '/etc/ceph/keyring';
  }
  const azure = volume['azureDisk'];
  if (azure !== undefined) {
    azure.cachingMode ??= 'ReadWrite';
    azure.kind ??= 'Shared';
    azure.fsType ??= 'ext4';
    azure.readOnly ??= false;
  }
  const scale = volume['scaleIO'];
  if (scale !== undefined) {
    if (unset(scale.storageMode)) scale.storageMode = 'ThinProvisioned';
    if (unset(scale.fsType)) scale.fsType = 'xfs';
  }
}

function defaultVolume(volume: Fields): void {
  if (Object.keys(volume).every((name) => VOLUME_TYPE_NEEDED.has(name) || unset(volume[name]))) volume['emptyDir'] = {};
  for (const kind of ['secret', 'configMap', 'downwardAPI']) {
    if (volume[kind] !== undefined) volume[kind].defaultMode ??= FILE_MODE;
  }
  defaultDownwardFiles(volume['downwardAPI']);
  if (volume['projected'] !== undefined) defaultProjected(volume['projected']);
  if (volume['hostPath'] !== undefined) volume['hostPath'].type ??= '';
  if (volume['image'] !== undefined && unset(volume['image'].pullPolicy)) {
    volume['image'].pullPolicy = defaultPullPolicy(volume['image'].reference);
  }
  const size = quantityOrUndefined(volume['emptyDir']?.sizeLimit);
  if (size !== undefined) volume['emptyDir'].sizeLimit = size.toString();
  const claim = volume['ephemeral']?.volumeClaimTemplate?.spec;
  if (claim !== undefined) {
    claim.volumeMode ??= 'Filesystem';
    canonicalQuantities(claim.resources?.limits);
    canonicalQuantities(claim.resources?.requests);
  }
  defaultRemoteDisks(volume);
}

/** What a pod spec has when nobody says, in pods and templates alike. */
export function defaultPodSpec(spec: Fields): void {
  if (unset(spec['dnsPolicy'])) spec['dnsPolicy'] = 'ClusterFirst';
  if (unset(spec['restartPolicy'])) spec['restartPolicy'] = 'Always';
  spec['securityContext'] ??= {};
  spec['terminationGracePeriodSeconds'] ??= 30;
  if (unset(spec['schedulerName'])) spec['schedulerName'] = 'default-scheduler';
  // serviceAccount is the old name of the same field: both always say the same.
  if (unset(spec['serviceAccountName']) && !unset(spec['serviceAccount'])) {
    spec['serviceAccountName'] = spec['serviceAccount'];
  }
  if (!unset(spec['serviceAccountName'])) spec['serviceAccount'] = spec['serviceAccountName'];
  for (const volume of (spec['volumes'] ?? []) as Fields[]) defaultVolume(volume);
  for (const { container } of everyContainer(spec)) defaultContainer(container);
  canonicalQuantities(spec['overhead']);
  canonicalQuantities(spec['resources']?.limits);
  canonicalQuantities(spec['resources']?.requests);
}

/** The same for a workload's template. */
export function defaultPodTemplate(template: Fields | undefined): void {
  if (template === undefined) return;
  template['spec'] ??= {};
  defaultPodSpec(template['spec']);
}
