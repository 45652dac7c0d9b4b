import { type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import { addressErrors, addressFamily } from '../../../metadata/addresses.ts';
import { dnsSubdomainProblems, wildcardSubdomainProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems, problemsIfSet } from '../../core/pod/validation/scalars.ts';
import { backendErrors } from './backend.ts';

export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const NOT_AN_ADDRESS = 'must be a DNS name, not an IP address';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDINGS = ['/..', '/.'];

function absolutePathErrors(at: string, path: string): FieldError[] {
  return path.startsWith('/') ? [] : [invalid(at, path, 'must be an absolute path')];
}

function pathErrors(at: string, path: Fields): FieldError[] {
  const type: string | undefined = path['pathType'];
  const value: string = path['path'] ?? '';
  const field = `${at}.path`;
  if (type === undefined) return [required(`${at}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  if (type === 'Exact' || type === 'Prefix') {
    errors.push(...absolutePathErrors(field, value));
    for (const part of BAD_SEQUENCES) {
      if (value.includes(part)) errors.push(invalid(field, value, `must not contain '${part}'`));
    }
    for (const part of BAD_ENDINGS) {
      if (value.endsWith(part)) errors.push(invalid(field, value, `cannot end with '${part}'`));
    }
  } else if (type === 'ImplementationSpecific') {
    if (value !== '') errors.push(...absolutePathErrors(field, value));
  } else {
    errors.push(notSupported(`${at}.pathType`, type, PATH_TYPES));
  }
  return [...errors, ...backendErrors(`${at}.backend`, path['backend'] ?? {})];
}

function hostErrors(at: string, host: string): FieldError[] {
  return problems(at, host, host.includes('*') ? wildcardSubdomainProblems : dnsSubdomainProblems);
}

function ruleErrors(at: string, rule: Fields): FieldError[] {
  const host: string = rule['host'] ?? '';
  const errors: FieldError[] = [];
  if (host !== '') {
    if (addressFamily(host) !== undefined) errors.push(invalid(`${at}.host`, host, NOT_AN_ADDRESS));
    errors.push(...hostErrors(`${at}.host`, host));
  }
  const paths: Fields[] | undefined = rule['http'] === undefined ? undefined : (rule['http'].paths ?? []);
  if (paths?.length === 0) errors.push(required(`${at}.http.paths`));
  return [...errors, ...(paths ?? []).flatMap((path, i) => pathErrors(index(`${at}.http.paths`, i), path))];
}

function tlsErrors(at: string, tls: Fields, anyName: boolean): FieldError[] {
  const hosts: string[] = tls['hosts'] ?? [];
  return [
    ...hosts.flatMap((host, i) => hostErrors(index(`${at}.hosts`, i), host)),
    ...(anyName ? [] : problemsIfSet(`${at}.secretName`, tls['secretName'], dnsSubdomainProblems)),
  ];
}

function secretNameIsBad(tls: Fields): boolean {
  return problemsIfSet('', tls['secretName'], dnsSubdomainProblems).length > 0;
}

function specErrors(spec: Fields, previous: Fields | undefined): FieldError[] {
  const rules: Fields[] = spec['rules'] ?? [];
  const tls: Fields[] = spec['tls'] ?? [];
  const errors: FieldError[] = [];
  if (rules.length === 0 && spec['defaultBackend'] === undefined) {
    errors.push(invalid('spec', [], 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec['defaultBackend'] !== undefined) {
    errors.push(...backendErrors('spec.defaultBackend', spec['defaultBackend']));
  }
  // What was stored before a rule was made may stay as it is.
  const anyName = ((previous?.['tls'] ?? []) as Fields[]).some(secretNameIsBad);
  errors.push(...rules.flatMap((rule, i) => ruleErrors(index('spec.rules', i), rule)));
  errors.push(...tls.flatMap((one, i) => tlsErrors(index('spec.tls', i), one, anyName)));
  const className: string | undefined = spec['ingressClassName'];
  if (className !== undefined) errors.push(...problems('spec.ingressClassName', className, dnsSubdomainProblems));
  return errors;
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const errors = specErrors(spec, undefined);
  const annotated = object.metadata?.annotations?.[CLASS_ANNOTATION];
  const named: string | undefined = spec['ingressClassName'];
  if (annotated !== undefined && named !== undefined && annotated !== named) {
    const text = 'must match `ingressClassName` when both are specified';
    // The path is upstream's, without the metadata.
    errors.push(invalid(`annotations.${CLASS_ANNOTATION}`, annotated, text));
  }
  return errors;
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return specErrors(object['spec'] ?? {}, previous['spec'] ?? {});
}

export function validateStatusUpdate(object: Readonly<ApiObject>): FieldError[] {
  const ingresses: Fields[] = object['status']?.loadBalancer?.ingress ?? [];
  return ingresses.flatMap((ingress, i) => {
    const at = index('status.loadBalancer.ingress', i);
    const [ip, name]: [string, string] = [ingress['ip'] ?? '', ingress['hostname'] ?? ''];
    const errors = ip === '' ? [] : addressErrors(`${at}.ip`, ip);
    if (name === '') return errors;
    errors.push(...problems(`${at}.hostname`, name, dnsSubdomainProblems));
    if (addressFamily(name) !== undefined) errors.push(invalid(`${at}.hostname`, name, NOT_AN_ADDRESS));
    return errors;
  });
}
