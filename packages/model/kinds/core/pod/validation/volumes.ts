/** The volumes of a pod. */
import {
  duplicate,
  type FieldError,
  forbidden,
  index,
  invalid,
  notSupported,
  required,
} from '../../../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../../metadata/names.ts';
import { quantityOrUndefined } from '../../../../quantity/quantity.ts';
import { claimSpecErrors } from '../../persistent-volume-claim/claim-spec.ts';
import type { Fields } from '../fields.ts';
import type { Volumes } from './mounts.ts';
import { projectedErrors } from './projected-volume.ts';
import { remoteDiskChecks } from './remote-disks.ts';
import { fileMode, noBacksteps, oneOf, problems, requiredText } from './scalars.ts';
import { downwardFileErrors, keyToPathErrors } from './volume-files.ts';

type Check = (at: string, source: Fields) => FieldError[];

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function itemsErrors(at: string, source: Fields): FieldError[] {
  return ((source['items'] ?? []) as Fields[]).flatMap((item, position) =>
    keyToPathErrors(index(`${at}.items`, position), item),
  );
}

export function hostPathErrors(at: string, source: Fields): FieldError[] {
  const path: string = source['path'] ?? '';
  if (path === '') return [required(`${at}.path`)];
  const type: string = source['type'] ?? '';
  const typeErrors = HOST_PATH_TYPES.includes(type) ? [] : [notSupported(`${at}.type`, type, HOST_PATH_TYPES)];
  return [...noBacksteps(`${at}.path`, path), ...typeErrors];
}

const checks: Readonly<Record<string, Check>> = {
  emptyDir: (at, source) => {
    const limit = source['sizeLimit'];
    const quantity = limit === undefined ? undefined : quantityOrUndefined(limit);
    if (limit === undefined || (quantity !== undefined && quantity.sign() >= 0)) return [];
    return [forbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')];
  },
  hostPath: hostPathErrors,
  secret: (at, source) => [
    ...requiredText(`${at}.secretName`, source['secretName']),
    ...fileMode(`${at}.defaultMode`, source['defaultMode']),
    ...itemsErrors(at, source),
  ],
  persistentVolumeClaim: (at, source) => requiredText(`${at}.claimName`, source['claimName']),
  downwardAPI: (at, source) => [
    ...fileMode(`${at}.defaultMode`, source['defaultMode']),
    ...((source['items'] ?? []) as Fields[]).flatMap((file) => downwardFileErrors(at, file)),
  ],
  configMap: (at, source) => [
    ...requiredText(`${at}.name`, source['name']),
    ...fileMode(`${at}.defaultMode`, source['defaultMode']),
    ...itemsErrors(at, source),
  ],
  projected: projectedErrors,
  csi: (at, source) => [
    ...requiredText(`${at}.driver`, source['driver']),
    ...(source['nodePublishSecretRef'] !== undefined
      ? requiredText(`${at}.nodePublishSecretRef.name`, source['nodePublishSecretRef'].name)
      : []),
  ],
  ephemeral: (at, source) =>
    source['volumeClaimTemplate'] === undefined
      ? [required(`${at}.volumeClaimTemplate`)]
      : claimSpecErrors(`${at}.volumeClaimTemplate.spec`, source['volumeClaimTemplate'].spec ?? {}),
  image: (at, source) => [
    ...requiredText(`${at}.reference`, source['reference']),
    ...oneOf(`${at}.pullPolicy`, source['pullPolicy'], ['Always', 'IfNotPresent', 'Never']),
  ],
  ...remoteDiskChecks,
};

function sourceErrors(at: string, volume: Fields, podName: string): FieldError[] {
  const [first, ...others] = Object.keys(checks).filter((kind) => volume[kind] !== undefined);
  if (first === undefined) return [required(at, 'must specify a volume type')];
  const errors = checks[first]!(`${at}.${first}`, volume[first]);
  errors.push(...others.map((kind) => forbidden(`${at}.${kind}`, 'may not specify more than 1 volume type')));
  const name: string = volume['name'] ?? '';
  if (first === 'ephemeral' && podName !== '' && name !== '') {
    const claim = `${podName}-${name}`;
    const texts = dnsSubdomainProblems(claim).map((problem) => `PVC name ${JSON.stringify(claim)}: ${problem}`);
    errors.push(...texts.map((text) => invalid(`${at}.name`, name, text)));
  }
  return errors;
}

/** The errors, and the volumes that are in order, by name: mounts are checked against these. */
export function volumesErrors(
  list: string,
  volumes: readonly Fields[],
  podName: string,
): { errors: FieldError[]; known: Volumes } {
  const errors: FieldError[] = [];
  const known = new Map<string, Fields>();
  const made = new Set(
    volumes.filter((volume) => volume['ephemeral'] !== undefined).map((volume) => `${podName}-${volume['name']}`),
  );
  volumes.forEach((volume, position) => {
    const at = index(list, position);
    const name: string = volume['name'] ?? '';
    const found = sourceErrors(at, volume, podName);
    if (name === '') found.push(required(`${at}.name`));
    else found.push(...problems(`${at}.name`, name, dnsLabelProblems));
    if (known.has(name)) found.push(duplicate(`${at}.name`, name));
    if (found.length === 0) known.set(name, volume);
    errors.push(...found);
    const claim: string | undefined = volume['persistentVolumeClaim']?.claimName;
    if (podName !== '' && claim !== undefined && made.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim, text));
    }
  });
  return { errors, known };
}
