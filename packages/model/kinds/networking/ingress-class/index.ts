import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems, urlPathProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems } from '../../core/pod/validation/scalars.ts';
import { typedReferenceErrors } from '../ingress/backend.ts';

const LONGEST_CONTROLLER = 250;
const SCOPES = ['Cluster', 'Namespace'];

function domainPrefixedPathErrors(at: string, value: string): FieldError[] {
  const slash = value.indexOf('/');
  const [host, path] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (host === '' || path === '') {
    return [invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  return [...problems(at, host, dnsSubdomainProblems), ...problems(at, path, urlPathProblems)];
}

function controllerErrors(at: string, controller: string): FieldError[] {
  if (controller === '') return [required(at)];
  const long = Buffer.byteLength(controller) > LONGEST_CONTROLLER ? [tooLong(at, LONGEST_CONTROLLER)] : [];
  return [...long, ...domainPrefixedPathErrors(at, controller)];
}

function parametersErrors(at: string, parameters: Fields | undefined): FieldError[] {
  if (parameters === undefined) return [];
  const errors = typedReferenceErrors(at, parameters);
  const { scope, namespace } = parameters as { scope?: string; namespace?: string };
  const field = `${at}.namespace`;
  if (scope === undefined) errors.push(required(`${at}.scope`));
  else if (!SCOPES.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, SCOPES));
  else if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(field, "`parameters.scope` is set to 'Cluster'"));
  } else if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(field, "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...problems(field, namespace, dnsLabelProblems));
  }
  return errors;
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  return [
    ...controllerErrors('spec.controller', spec['controller'] ?? ''),
    ...parametersErrors('spec.parameters', spec['parameters']),
  ];
}

function parametersText(object: Readonly<ApiObject>): string {
  const parameters: Fields | undefined = object['spec']?.parameters;
  if (parameters === undefined) return '<none>';
  const group = parameters['apiGroup'] === undefined ? '' : `.${parameters['apiGroup']}`;
  return `${parameters['kind']}${group}/${parameters['name']}`;
}

export const ingressClass: Strategy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  generation: true,
  defaults(object) {
    const parameters: Fields | undefined = object['spec']?.parameters;
    if (parameters !== undefined) parameters['scope'] ??= 'Cluster';
  },
  validate,
  validateUpdate: (object, previous) => [
    ...immutable('spec.controller', object['spec']?.controller, previous['spec']?.controller),
    ...validate(object),
  ],
  columns: [
    textColumn('Controller', 'Who serves Ingresses of this class.', (object) => object['spec']?.controller ?? ''),
    textColumn('Parameters', 'An object with more settings of its controller.', parametersText),
  ],
};
