/** Volumes on disks and servers outside of the cluster that are not mounted through a claim. */
import { type FieldError, invalid, notSupported, required } from '../../../../field-error.ts';
import { rangeText } from '../../../../metadata/names.ts';
import type { Fields } from '../fields.ts';
import { descendingPath, requiredText } from './scalars.ts';

type Check = (at: string, source: Fields) => FieldError[];

function needs(...names: string[]): Check {
  return (at, source) => names.flatMap((name) => requiredText(`${at}.${name}`, source[name]));
}

function partition(at: string, source: Fields): FieldError[] {
  const value: number = source['partition'] ?? 0;
  return value < 0 || value > 255 ? [invalid(`${at}.partition`, value, rangeText(1, 255))] : [];
}

const QUALIFIED_TARGETS: readonly [string, RegExp][] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[A-Za-z0-9]{16}$/],
  ['naa', /^naa.[A-Za-z0-9]{32}$/],
];

function targetName(at: string, name: string): FieldError[] {
  const form = QUALIFIED_TARGETS.find(([prefix]) => name.startsWith(prefix));
  if (form === undefined) return [invalid(at, name, 'must be valid format starting with iqn, eui, or naa')];
  return form[1].test(name) ? [] : [invalid(at, name, 'must be valid format')];
}

function iscsi(at: string, source: Fields): FieldError[] {
  const errors = requiredText(`${at}.targetPortal`, source['targetPortal']);
  const name: string = source['iqn'] ?? '';
  errors.push(...(name === '' ? [required(`${at}.iqn`)] : targetName(`${at}.iqn`, name)));
  const unit: number = source['lun'] ?? 0;
  if (unit < 0 || unit > 255) errors.push(invalid(`${at}.lun`, unit, rangeText(0, 255)));
  const secured = source['chapAuthDiscovery'] === true || source['chapAuthSession'] === true;
  if (secured && source['secretRef'] === undefined) errors.push(required(`${at}.secretRef`));
  if (source['initiatorName'] !== undefined) errors.push(...targetName(`${at}.initiatorname`, source['initiatorName']));
  return errors;
}

function fibreChannel(at: string, source: Fields): FieldError[] {
  const names: string[] = source['targetWWNs'] ?? [];
  const identifiers: string[] = source['wwids'] ?? [];
  const field = `${at}.targetWWNs`;
  if (names.length === 0) {
    return identifiers.length > 0 ? [] : [required(field, 'must specify either targetWWNs or wwids, but not both')];
  }
  const errors: FieldError[] = [];
  if (identifiers.length > 0) {
    errors.push(invalid(field, names, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  const unit: number | undefined = source['lun'];
  if (unit === undefined) errors.push(required(`${at}.lun`, 'lun is required if targetWWNs is specified'));
  else if (unit < 0 || unit > 255) errors.push(invalid(`${at}.lun`, unit, rangeText(0, 255)));
  return errors;
}

function flocker(at: string, source: Fields): FieldError[] {
  const [name, identity]: [string, string] = [source['datasetName'] ?? '', source['datasetUUID'] ?? ''];
  const errors: FieldError[] = [];
  if (name === '' && identity === '') errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  if (name !== '' && identity !== '') {
    errors.push(invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (name.includes('/')) errors.push(invalid(`${at}.datasetName`, name, "must not contain '/'"));
  return errors;
}

function flexible(at: string, source: Fields): FieldError[] {
  const errors = requiredText(`${at}.driver`, source['driver']);
  for (const name of Object.keys(source['options'] ?? {})) {
    const domain = `.${name.split('/')[0]!.toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      const text = 'kubernetes.io and k8s.io namespaces are reserved';
      errors.push(invalid(`${at}.options[${name}]`, name, text));
    }
  }
  return errors;
}

function azureDisk(at: string, source: Fields): FieldError[] {
  const errors = needs('diskName', 'diskURI')(at, source);
  const uri: string = source['diskURI'] ?? '';
  const allowed = {
    cachingMode: ['None', 'ReadOnly', 'ReadWrite'],
    kind: ['Dedicated', 'Managed', 'Shared'],
  };
  for (const [name, values] of Object.entries(allowed)) {
    if (source[name] !== undefined && !values.includes(source[name])) {
      errors.push(notSupported(`${at}.${name}`, source[name], values));
    }
  }
  if (source['kind'] === 'Managed' && !uri.startsWith('/subscriptions/')) {
    const form = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
    errors.push(notSupported(`${at}.diskURI`, uri, [form]));
  }
  if (source['kind'] !== undefined && source['kind'] !== 'Managed' && !uri.startsWith('https://')) {
    const form = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
    errors.push(notSupported(`${at}.diskURI`, uri, [form]));
  }
  return errors;
}

export const remoteDiskChecks: Readonly<Record<string, Check>> = {
  gitRepo: (at, source) => [
    ...requiredText(`${at}.repository`, source['repository']),
    ...descendingPath(`${at}.directory`, source['directory'] ?? ''),
  ],
  gcePersistentDisk: (at, source) => [...needs('pdName')(at, source), ...partition(at, source)],
  awsElasticBlockStore: (at, source) => [...needs('volumeID')(at, source), ...partition(at, source)],
  nfs: (at, source) => {
    const path: string = source['path'] ?? '';
    const relative = path.startsWith('/') ? [] : [invalid(`${at}.path`, path, 'must be an absolute path')];
    return [...needs('server', 'path')(at, source), ...relative];
  },
  iscsi,
  glusterfs: needs('endpoints', 'path'),
  flocker,
  rbd: (at, source) => [
    ...((source['monitors'] ?? []).length === 0 ? [required(`${at}.monitors`)] : []),
    ...needs('image')(at, source),
  ],
  cinder: (at, source) => [
    ...needs('volumeID')(at, source),
    ...(source['secretRef'] === undefined ? [] : requiredText(`${at}.secretRef.name`, source['secretRef'].name)),
  ],
  cephfs: (at, source) => ((source['monitors'] ?? []).length === 0 ? [required(`${at}.monitors`)] : []),
  quobyte: needs('registry', 'volume'),
  fc: fibreChannel,
  flexVolume: flexible,
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk,
  storageos: (at, source) => requiredText(`${at}.volumeName`, source['volumeName']),
  scaleIO: needs('gateway', 'system', 'volumeName'),
};
