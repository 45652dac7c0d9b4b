/** Environment variables of containers, and the downward API that they and volumes read. */
import { type FieldError, index, invalid, notSupported, required } from '../../../../field-error.ts';
import {
  configKeyProblems,
  dnsSubdomainProblems,
  environmentNameProblems,
  qualifiedNameProblems,
} from '../../../../metadata/names.ts';
import { quantityOrUndefined } from '../../../../quantity/quantity.ts';
import type { Fields } from '../fields.ts';
import { problems, problemsIfSet, requiredText, unreservedPath } from './scalars.ts';

const VARIABLE_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields that the downward API knows, whatever reads it. */
const KNOWN_FIELDS = new Set([
  ...VARIABLE_FIELDS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.phase',
]);
export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const BYTES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** `metadata.labels['app']`, `spec.nodeName`; `allowed` are the plain ones that may be read here. */
export function fieldRefErrors(at: string, reference: Fields, allowed: readonly string[]): FieldError[] {
  const path: string = reference['fieldPath'] ?? '';
  if ((reference['apiVersion'] ?? '') === '') return [required(`${at}.apiVersion`)];
  if (path === '') return [required(`${at}.fieldPath`)];
  const subscripted = /^(.+)\['(.*)'\]$/.exec(path);
  const base = subscripted?.[1] ?? path;
  const known = subscripted === null ? KNOWN_FIELDS.has(path) : /^metadata\.(annotations|labels)$/.test(base);
  if (reference['apiVersion'] !== 'v1' || !known) {
    const text =
      reference['apiVersion'] === 'v1'
        ? `error converting fieldPath: field label not supported: ${base}`
        : `error converting fieldPath: unsupported pod version: ${reference['apiVersion']}`;
    return [invalid(`${at}.fieldPath`, path, text)];
  }
  if (subscripted !== null) {
    const name = subscripted[2]!;
    return problems(at, base === 'metadata.annotations' ? name.toLowerCase() : name, qualifiedNameProblems);
  }
  return allowed.includes(path) ? [] : [notSupported(`${at}.fieldPath`, path, allowed)];
}

function divisorErrors(at: string, resource: string, divisor: unknown): FieldError[] {
  const quantity = quantityOrUndefined(divisor ?? '0');
  if (quantity === undefined || quantity.sign() === 0) return [];
  const text = quantity.toString();
  const bytes = `only divisor's values ${BYTES.join(', ')} are supported with the`;
  const refuse = (detail: string) => [invalid(`${at}.divisor`, resource, detail)];
  if (/^(limits|requests)\.cpu$/.test(resource)) {
    return text === '1' || text === '1m'
      ? []
      : refuse("only divisor's values 1m and 1 are supported with the cpu resource");
  }
  if (BYTES.includes(text)) return [];
  if (/\.memory$/.test(resource)) return refuse(`${bytes} memory resource`);
  if (/\.ephemeral-storage$/.test(resource)) return refuse(`${bytes} local ephemeral storage resource`);
  return /\.hugepages-/.test(resource) ? refuse(`${bytes} hugepages resource`) : [];
}

/** A request or limit of a container; volumes must name the container. */
export function resourceFieldRefErrors(at: string, reference: Fields, inVolume: boolean): FieldError[] {
  const resource: string = reference['resource'] ?? '';
  const errors: FieldError[] = [];
  if (inVolume && (reference['containerName'] ?? '') === '') errors.push(required(`${at}.containerName`));
  else if (resource === '') errors.push(required(`${at}.resource`));
  else if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.push(notSupported(`${at}.resource`, resource, RESOURCES));
  }
  return [...errors, ...divisorErrors(at, resource, reference['divisor'])];
}

function keyRefErrors(at: string, reference: Fields): FieldError[] {
  const name: string = reference['name'] ?? '';
  const entry: string = reference['key'] ?? '';
  return [
    ...problems(`${at}.name`, name, dnsSubdomainProblems),
    ...(entry === '' ? [required(`${at}.key`)] : problems(`${at}.key`, entry, configKeyProblems)),
  ];
}

function fileKeyRefErrors(at: string, reference: Fields): FieldError[] {
  return [
    ...requiredText(`${at}.volumeName`, reference['volumeName']),
    ...requiredText(`${at}.path`, reference['path']),
    ...unreservedPath(`${at}.path`, reference['path'] ?? ''),
    ...requiredText(`${at}.key`, reference['key']),
    ...problemsIfSet(`${at}.key`, reference['key'], environmentNameProblems),
  ];
}

const sources: Readonly<Record<string, (at: string, source: Fields) => FieldError[]>> = {
  fieldRef: (at, source) => fieldRefErrors(at, source, VARIABLE_FIELDS),
  resourceFieldRef: (at, source) => resourceFieldRefErrors(at, source, false),
  configMapKeyRef: keyRefErrors,
  secretKeyRef: keyRefErrors,
  fileKeyRef: fileKeyRefErrors,
};

function valueFromErrors(at: string, variable: Fields): FieldError[] {
  const from: Fields | undefined = variable['valueFrom'];
  if (from === undefined) return [];
  const named = Object.keys(sources).filter((name) => from[name] !== undefined);
  const errors = named.flatMap((name) => sources[name]!(`${at}.${name}`, from[name]));
  if (named.length === 0) {
    const text =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(at, '', text));
  } else if ((variable['value'] ?? '') !== '') {
    errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  } else if (named.length > 1) {
    errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

export function variablesErrors(at: string, variables: readonly Fields[]): FieldError[] {
  return variables.flatMap((variable, position) => {
    const field = index(at, position);
    const name: string = variable['name'] ?? '';
    const nameErrors =
      name === '' ? [required(`${field}.name`)] : problems(`${field}.name`, name, environmentNameProblems);
    return [...nameErrors, ...valueFromErrors(`${field}.valueFrom`, variable)];
  });
}

export function variableSourcesErrors(at: string, list: readonly Fields[]): FieldError[] {
  return list.flatMap((source, position) => {
    const field = index(at, position);
    const errors = problemsIfSet(`${field}.prefix`, source['prefix'], environmentNameProblems);
    const named = ['configMapRef', 'secretRef'].filter((name) => source[name] !== undefined);
    for (const name of named) {
      const object: string = source[name].name ?? '';
      const path = `${field}.${name}.name`;
      errors.push(...(object === '' ? [required(path)] : problems(path, object, dnsSubdomainProblems)));
    }
    if (named.length === 0) errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (named.length > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
