/** Where the bytes of a PersistentVolume lie: exactly one source, each with its own needs. */
import { type FieldError, forbidden, invalid, required, tooLong } from '../../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../metadata/names.ts';
import type { Fields } from '../pod/fields.ts';
import { remoteDiskChecks } from '../pod/validation/remote-disks.ts';
import { noBacksteps, problems, problemsIfSet, requiredText } from '../pod/validation/scalars.ts';
import { hostPathErrors } from '../pod/validation/volumes.ts';

type Check = (at: string, source: Fields, volumeName: string) => FieldError[];

const LONGEST_DRIVER_NAME = 63;
const LONGEST_INITIATOR = 64;

export function driverNameErrors(at: string, name: string): FieldError[] {
  return [
    ...(name === '' ? [required(at)] : []),
    ...(Buffer.byteLength(name) > LONGEST_DRIVER_NAME ? [tooLong(at, LONGEST_DRIVER_NAME)] : []),
    ...dnsSubdomainProblems(name.toLowerCase()).map((problem) => invalid(at, name, problem)),
  ];
}

/** A Secret by name and namespace: a volume is in no namespace that could be meant. */
function secretErrors(at: string, secret: Fields | undefined): FieldError[] {
  if (secret === undefined) return [];
  const [name, namespace]: [string, string] = [secret['name'] ?? '', secret['namespace'] ?? ''];
  return [
    ...(name === '' ? [required(`${at}.name`)] : problems(`${at}.name`, name, dnsSubdomainProblems)),
    ...(namespace === '' ? [required(`${at}.namespace`)] : problems(`${at}.namespace`, namespace, dnsLabelProblems)),
  ];
}

function namedSecret(at: string, secret: Fields | undefined): FieldError[] {
  if (secret === undefined) return [];
  return [
    ...requiredText(`${at}.secretRef.name`, secret['name']),
    ...requiredText(`${at}.secretRef.namespace`, secret['namespace']),
  ];
}

const csi: Check = (at, source) => [
  ...driverNameErrors(`${at}.driver`, source['driver'] ?? ''),
  ...requiredText(`${at}.volumeHandle`, source['volumeHandle']),
  ...['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'].flatMap(
    (name) => secretErrors(`${at}.${name}`, source[name]),
  ),
];

const storageos: Check = (at, source) => [
  ...(source['volumeName']
    ? problems(`${at}.volumeName`, source['volumeName'], dnsLabelProblems)
    : [required(`${at}.volumeName`)]),
  ...problemsIfSet(`${at}.volumeNamespace`, source['volumeNamespace'], dnsLabelProblems),
  ...namedSecret(at, source['secretRef']),
];

const azureFile: Check = (at, source) => [
  ...requiredText(`${at}.secretName`, source['secretName']),
  ...requiredText(`${at}.shareName`, source['shareName']),
  ...(source['secretNamespace'] === '' ? [required(`${at}.secretNamespace`)] : []),
];

const glusterfs: Check = (at, source) => [
  ...remoteDiskChecks['glusterfs']!(at, source),
  ...(source['endpointsNamespace'] === undefined || dnsLabelProblems(source['endpointsNamespace']).length === 0
    ? []
    : [
        invalid(
          `${at}.endpointsNamespace`,
          source['endpointsNamespace'],
          'if the endpointnamespace is set, it must be a valid namespace name',
        ),
      ]),
];

const iscsi: Check = (at, source, volumeName) => {
  const portal: string = source['targetPortal'] ?? '';
  const long = source['initiatorName'] !== undefined && `${volumeName}:${portal}`.length > LONGEST_INITIATOR;
  const text =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  return [...(long ? [invalid(`${at}.targetportal`, portal, text)] : []), ...remoteDiskChecks['iscsi']!(at, source)];
};

const local: Check = (at, source) => {
  const path: string = source['path'] ?? '';
  return path === '' ? [required(`${at}.path`)] : noBacksteps(`${at}.path`, path);
};

/** In upstream's order: the first that is set counts, the others are one too many. */
const sources: readonly [string, Check][] = [
  ['hostPath', hostPathErrors],
  ['gcePersistentDisk', (_, source) => remoteDiskChecks['gcePersistentDisk']!('spec.persistentDisk', source)],
  ['awsElasticBlockStore', remoteDiskChecks['awsElasticBlockStore']!],
  ['glusterfs', glusterfs],
  ['flocker', remoteDiskChecks['flocker']!],
  ['nfs', remoteDiskChecks['nfs']!],
  ['rbd', remoteDiskChecks['rbd']!],
  ['quobyte', remoteDiskChecks['quobyte']!],
  ['cephfs', remoteDiskChecks['cephfs']!],
  ['iscsi', iscsi],
  [
    'cinder',
    (at, source) => [...requiredText(`${at}.volumeID`, source['volumeID']), ...namedSecret(at, source['secretRef'])],
  ],
  ['fc', remoteDiskChecks['fc']!],
  ['flexVolume', remoteDiskChecks['flexVolume']!],
  ['azureFile', azureFile],
  ['vsphereVolume', remoteDiskChecks['vsphereVolume']!],
  ['photonPersistentDisk', remoteDiskChecks['photonPersistentDisk']!],
  ['portworxVolume', remoteDiskChecks['portworxVolume']!],
  ['azureDisk', remoteDiskChecks['azureDisk']!],
  ['scaleIO', remoteDiskChecks['scaleIO']!],
  ['local', local],
  ['storageos', storageos],
  ['csi', csi],
];

/** The names of the fields of which a PersistentVolume has one. */
export const sourceNames: readonly string[] = sources.map(([name]) => name);

export function sourceErrors(at: string, spec: Fields, volumeName: string): FieldError[] {
  const [first, ...others] = sources.filter(([name]) => spec[name] !== undefined);
  if (first === undefined) return [required(at, 'must specify a volume type')];
  const [name, check] = first;
  return [
    ...check(`${at}.${name}`, spec[name], volumeName),
    ...others.map(([other]) => forbidden(`${at}.${other}`, 'may not specify more than 1 volume type')),
  ];
}
