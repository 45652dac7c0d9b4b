import { dnsSubdomainProblems, duplicate, type FieldError, invalid, notSupported, required } from '@keelson/model';
import {
  boolType,
  CelCompileError,
  type CelProgram,
  type CelType,
  type CompileExpression,
  listType,
  mapType,
  objectType,
  stringType,
} from '@keelson/model/cel/index.ts';
import { durationOf } from '../configuration/shape.ts';
import { webhookOfKubeconfig } from '../configuration/webhook-kubeconfig.ts';
import type { WebhookAuthorizerSettings } from './webhook-authorizer.ts';

/** apiserver.config.k8s.io/v1 AuthorizationConfiguration. */
export interface AuthorizationConfiguration {
  readonly authorizers?: readonly AuthorizerConfiguration[];
}

interface AuthorizerConfiguration {
  readonly type?: string;
  readonly name?: string;
  readonly webhook?: WebhookConfiguration;
}

interface WebhookConfiguration {
  readonly timeout?: string;
  readonly authorizedTTL?: string;
  readonly unauthorizedTTL?: string;
  readonly cacheAuthorizedRequests?: boolean;
  readonly cacheUnauthorizedRequests?: boolean;
  readonly subjectAccessReviewVersion?: string;
  readonly matchConditionSubjectAccessReviewVersion?: string;
  readonly failurePolicy?: string;
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string };
  readonly matchConditions?: readonly { readonly expression?: string }[];
}

/** The form of the file. */
export const authorizationConfigurationShape = {
  authorizers: [
    {
      type: 'string',
      name: 'string',
      webhook: {
        timeout: 'string',
        authorizedTTL: 'string',
        unauthorizedTTL: 'string',
        cacheAuthorizedRequests: 'boolean',
        cacheUnauthorizedRequests: 'boolean',
        subjectAccessReviewVersion: 'string',
        matchConditionSubjectAccessReviewVersion: 'string',
        failurePolicy: 'string',
        connectionInfo: { type: 'string', kubeConfigFile: 'string' },
        matchConditions: [{ expression: 'string' }],
      },
    },
  ],
} as const;

/** One authority, in the order in which they are asked. */
export type ConfiguredAuthorizer =
  | { readonly type: 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny' }
  | { readonly type: 'Webhook'; readonly settings: WebhookAuthorizerSettings };

const knownTypes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];
const conditionLimit = 64;
const longestTimeout = 30_000;

export interface AuthorizationCompiler {
  readonly compile: CompileExpression;
  readonly minor: number;
}

/** Everything wrong with an AuthorizationConfiguration, and the authorities that it names. */
export function compileAuthorization(
  { authorizers = [] }: AuthorizationConfiguration,
  compiler: AuthorizationCompiler,
): { readonly authorizers: readonly ConfiguredAuthorizer[]; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  if (authorizers.length === 0) errors.push(required('authorizers', 'at least one authorization mode must be defined'));
  const types = new Set<string>();
  const names = new Set<string>();
  const compiled = authorizers.flatMap(({ type = '', name = '', webhook }, index): ConfiguredAuthorizer[] => {
    const field = `authorizers[${index}]`;
    if (type === '') errors.push(required(`${field}.type`));
    else if (!knownTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, knownTypes));
    else if (types.has(type) && type !== 'Webhook') errors.push(duplicate(`${field}.type`, type));
    else {
      types.add(type);
      errors.push(...nameErrors(`${field}.name`, name, names));
      names.add(name);
      if (type !== 'Webhook') {
        if (webhook !== undefined)
          errors.push(invalid(`${field}.webhook`, 'non-null', 'may only be specified when type=Webhook'));
        return [{ type: type as 'Node' }];
      }
      if (webhook === undefined) errors.push(required(`${field}.webhook`, 'required when type=Webhook'));
      else {
        const before = errors.length;
        errors.push(...webhookErrors(field, webhook));
        const matchConditions = compileConditions(field, webhook, compiler, errors);
        if (errors.length === before) return [{ type, settings: settingsOf(name, webhook, matchConditions) }];
      }
    }
    return [];
  });
  return { authorizers: compiled, errors };
}

function nameErrors(field: string, name: string, names: ReadonlySet<string>): FieldError[] {
  if (name === '') return [required(field)];
  if (names.has(name)) return [duplicate(field, name)];
  const problems = dnsSubdomainProblems(name);
  return problems.length === 0 ? [] : [invalid(field, name, `authorizer name is invalid: ${problems.join(', ')}`)];
}

function timeErrors(field: string, text: string | undefined, what: string, limit?: number): FieldError[] {
  const value = text === undefined ? 0 : durationOf(text);
  if (value === undefined) return [invalid(field, text, 'must be a duration')];
  if (value === 0) return [required(field)];
  return value < 0 || (limit !== undefined && value > limit) ? [invalid(field, text, what)] : [];
}

function webhookErrors(field: string, webhook: WebhookConfiguration): FieldError[] {
  const { subjectAccessReviewVersion: version = '', failurePolicy: policy = '', connectionInfo = {} } = webhook;
  const conditionVersion = webhook.matchConditionSubjectAccessReviewVersion ?? '';
  const errors = [
    ...timeErrors(`${field}.timeout`, webhook.timeout, 'must be > 0s and <= 30s', longestTimeout),
    ...timeErrors(`${field}.authorizedTTL`, webhook.authorizedTTL ?? '5m', 'must be > 0s'),
    ...timeErrors(`${field}.unauthorizedTTL`, webhook.unauthorizedTTL ?? '30s', 'must be > 0s'),
  ];
  const versionField = `${field}.subjectAccessReviewVersion`;
  if (version === '') errors.push(required(versionField));
  else if (version !== 'v1' && version !== 'v1beta1')
    errors.push(notSupported(versionField, version, ['v1', 'v1beta1']));
  const conditionField = `${field}.matchConditionSubjectAccessReviewVersion`;
  if (conditionVersion === '') {
    if ((webhook.matchConditions ?? []).length > 0)
      errors.push(required(conditionField, 'required if match conditions are specified'));
  } else if (conditionVersion !== 'v1') errors.push(notSupported(conditionField, conditionVersion, ['v1']));
  if (policy === '') errors.push(required(`${field}.failurePolicy`));
  else if (policy !== 'NoOpinion' && policy !== 'Deny')
    errors.push(notSupported(`${field}.failurePolicy`, policy, ['NoOpinion', 'Deny']));
  return [...errors, ...connectionErrors(`${field}.connectionInfo`, connectionInfo)];
}

function connectionErrors(
  field: string,
  { type = '', kubeConfigFile = '' }: NonNullable<WebhookConfiguration['connectionInfo']>,
): FieldError[] {
  if (type === '') return [required(`${field}.type`)];
  // A server has no in-cluster configuration of its own here.
  if (type !== 'KubeConfigFile') return [notSupported(`${field}.type`, type, ['KubeConfigFile'])];
  if (kubeConfigFile === '') return [required(`${field}.kubeConfigFile`)];
  return kubeConfigFile.startsWith('/')
    ? []
    : [invalid(`${field}.kubeConfigFile`, kubeConfigFile, 'must be an absolute path')];
}

function compileConditions(
  field: string,
  { matchConditions = [] }: WebhookConfiguration,
  { compile, minor }: AuthorizationCompiler,
  errors: FieldError[],
): CelProgram[] {
  if (matchConditions.length > conditionLimit) {
    const message = `Too many: ${matchConditions.length}: must have at most ${conditionLimit} items`;
    errors.push({ type: 'FieldValueTooMany', field: `${field}.matchConditions`, message });
    return [];
  }
  const seen = new Set<string>();
  return matchConditions.flatMap(({ expression = '' }, index): CelProgram[] => {
    const at = `${field}.matchConditions[${index}].expression`;
    if (expression.trim() === '') errors.push(required(at));
    else if (seen.has(expression)) errors.push(duplicate(at, expression));
    else {
      seen.add(expression);
      try {
        return [compile(expression, { minor, stored: true, variables: { request: requestType } }, boolType)];
      } catch (error) {
        if (!(error instanceof CelCompileError)) throw error;
        const text = error.resultType === undefined ? `compilation failed: ${error.message}` : error.message;
        errors.push(invalid(at, expression, text));
      }
    }
    return [];
  });
}

function typeOf(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  return objectType(name, (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined));
}

const requirementsType = typeOf('kubernetes.SelectorAttributes', {
  rawSelector: stringType,
  requirements: listType(
    typeOf('kubernetes.SelectorRequirement', {
      key: stringType,
      operator: stringType,
      values: listType(stringType),
    }),
  ),
});

/** authorization.k8s.io/v1 SubjectAccessReviewSpec. */
const requestType = typeOf('kubernetes.SubjectAccessReviewSpec', {
  resourceAttributes: typeOf('kubernetes.ResourceAttributes', {
    namespace: stringType,
    verb: stringType,
    group: stringType,
    version: stringType,
    resource: stringType,
    subresource: stringType,
    name: stringType,
    fieldSelector: requirementsType,
    labelSelector: requirementsType,
  }),
  nonResourceAttributes: typeOf('kubernetes.NonResourceAttributes', { path: stringType, verb: stringType }),
  user: stringType,
  groups: listType(stringType),
  extra: mapType(stringType, listType(stringType)),
  uid: stringType,
});

/** Of a configuration without errors. @throws ConfigurationError for a kubeconfig that cannot be used */
function settingsOf(
  name: string,
  webhook: WebhookConfiguration,
  matchConditions: readonly CelProgram[],
): WebhookAuthorizerSettings {
  return {
    name,
    target: webhookOfKubeconfig(webhook.connectionInfo!.kubeConfigFile!),
    timeout: durationOf(webhook.timeout!)!,
    authorizedTtl: durationOf(webhook.authorizedTTL ?? '5m')!,
    unauthorizedTtl: durationOf(webhook.unauthorizedTTL ?? '30s')!,
    cacheAuthorized: webhook.cacheAuthorizedRequests ?? true,
    cacheUnauthorized: webhook.cacheUnauthorizedRequests ?? true,
    reviewVersion: webhook.subjectAccessReviewVersion === 'v1beta1' ? 'v1beta1' : 'v1',
    onError: webhook.failurePolicy === 'Deny' ? 'deny' : 'noOpinion',
    matchConditions,
  };
}
